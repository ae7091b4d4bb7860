import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import type { SessionHandle } from '@pawl/core'
import { sqliteStore } from '@pawl/store-sqlite'
import { newRow } from './rows-for-tests.ts'
import { tempFolder } from './temp-folder.ts'

const programs = path.join(import.meta.dirname, 'programs')

function start(program: string, ...args: readonly string[]): ChildProcess {
  const file = path.join(programs, program)
  return spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return output
}

describe('processes that share a SQLite file', () => {
  it('migrate it at once, and let one of them win each rotation', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    const names = ['a', 'b', 'c', 'd']
    const children = names.map((name) => start('migrate-and-rotate.ts', file, name))
    const outputs = await Promise.all(children.map(outputOf))
    const advanced = outputs.reduce((sum, output) => sum + Number(output), 0)
    const store = sqliteStore({ path: file })
    const session = await store.find(newRow('shared'))
    assert.equal(session?.generation, advanced)
    assert.ok(advanced >= 60)
    await store.close()
  })

  it('lose nothing that was answered when one is killed', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    const child = start('insert-until-killed.ts', file)
    const answered = new Map<string, string>()
    let lines = 0
    for await (const line of createInterface({ input: child.stdout as never })) {
      const { handle, hash } = JSON.parse(line) as { handle: string; hash: string }
      answered.set(handle, hash)
      lines += 1
      if (lines === 600) child.kill('SIGKILL')
    }
    const store = sqliteStore({ path: file })
    await store.migrate()
    for (const [handle, hash] of answered) {
      const key = { ...newRow(''), handle: handle as SessionHandle }
      const session = await store.find(key)
      assert.ok(session?.curHash2 === hash || session?.prevHash2 === hash)
    }
    assert.ok(answered.size >= 300)
    await store.close()
  })

  it('may end without closing the store, thread or not', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    assert.equal(await outputOf(start('write-and-leave.ts', file)), 'done\n')
    const store = sqliteStore({ path: file })
    assert.notEqual(await store.find(newRow('199')), undefined)
    await store.close()
  })

  it('may end although its thread was ready only after the last write', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    assert.equal(await outputOf(start('write-and-leave.ts', file, '0')), 'done\n')
  })
})
