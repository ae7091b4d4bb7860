import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { exchange } from './http-core-client.ts'

const cli = path.join(import.meta.dirname, '../src/cli.ts')
let dir: string
before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-cli-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

interface Finished {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function start(args: readonly string[], env: object = {}): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { cwd: dir, env: { ...env } })
}

async function finish(child: ChildProcess): Promise<Finished> {
  let [output, errors] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output, errors }
}

/** Resolves with the URL once the service accepts requests. */
async function urlOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    const url = /"url":"([^"]+)"/.exec(text)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the service did not start: ${text}`)
}

describe('the pawl command', () => {
  it('says its version and how it is used', async () => {
    assert.match((await finish(start(['--version']))).output, /^\d+\.\d+\.\d+\n$/)
    const help = await finish(start(['--help']))
    assert.match(help.output, /pawl serve/)
    assert.match(help.output, /--race-window-ms/)
    assert.doesNotMatch(help.output, /--secret|--api-keys/)
    const unknown = await finish(start(['serv']))
    assert.equal(unknown.code, 2)
    assert.match(unknown.errors, /"serv": did you mean pawl serve\?/)
  })

  it('makes secrets and keys that it accepts itself', async () => {
    const secret = (await finish(start(['secret', 'generate']))).output.trim()
    const { output } = await finish(start(['apikey', 'generate']))
    const hashed = /hash: (\S+)/.exec(output)?.[1]
    const env = { PAWL_SECRET: secret, PAWL_API_KEYS: hashed, PAWL_HOST: '0.0.0.0' }
    const printed = await finish(start(['serve', '--print-config'], env))
    assert.equal(printed.code, 0, printed.errors)
    assert.match(printed.output, /host = "0.0.0.0" {2}\(PAWL_HOST\)/)
  })

  it('refuses to start with all faults at once, and touches nothing', async () => {
    const env = { PAWL_DATA_DIR: path.join(dir, 'none'), PAWL_PROT: '1' }
    const refused = await finish(start(['serve', '--hots', 'x', '--port', 'x', 'more'], env))
    assert.equal(refused.code, 2)
    assert.match(refused.errors, /did you mean --host\?/)
    assert.match(refused.errors, /did you mean PAWL_PORT\?/)
    assert.match(refused.errors, /port \(--port\) must be/)
    assert.match(refused.errors, /"more" is not an option/)
    assert.equal(existsSync(path.join(dir, 'none', 'secret')), false)
  })

  it('tells a configuration that does not hold by its exit code, though it shows late', async () => {
    const env = { PAWL_DATA_DIR: path.join(dir, 'open'), PAWL_HOST: '0.0.0.0' }
    const refused = await finish(start(['serve'], env))
    assert.equal(refused.code, 2)
    assert.match(refused.errors, /^pawl: host: 0.0.0.0 can be reached .* `pawl apikey create`.*\n$/)
  })

  it('keeps sessions over a restart, in a directory of its own', async () => {
    const env = { PAWL_DATA_DIR: path.join(dir, 'data'), PAWL_PORT: '0' }
    const headers = { 'content-type': 'application/json' }
    const first = start(['serve'], env)
    const created = await exchange(`${await urlOf(first)}/v1/sessions`, {
      ...{ method: 'POST', headers, body: { userId: 'ada' } },
    })
    const { refreshToken } = created.body as { refreshToken: { token: string } }
    first.kill('SIGTERM')
    assert.equal((await once(first, 'exit'))[0], 0)
    const second = start(['serve'], env)
    const url = await urlOf(second)
    const refreshed = await exchange(`${url}/v1/sessions/refresh`, {
      ...{ method: 'POST', headers, body: { refreshTokens: [refreshToken.token] } },
    })
    assert.equal(refreshed.status, 200)
    assert.equal(statSync(path.join(dir, 'data')).mode & 0o777, 0o700)
    assert.equal(statSync(path.join(dir, 'data', 'secret')).mode & 0o777, 0o600)
    second.kill('SIGINT')
    assert.equal((await once(second, 'exit'))[0], 0)
  })

  it('says so when its address is taken or its secret is the wrong one', async () => {
    const env = { PAWL_DATA_DIR: path.join(dir, 'taken'), PAWL_PORT: '0' }
    const running = start(['serve'], env)
    const { port } = new URL(await urlOf(running))
    const other = { PAWL_DATA_DIR: path.join(dir, 'other'), PAWL_PORT: port }
    const taken = await finish(start(['serve'], other))
    assert.equal(taken.code, 1)
    assert.match(taken.errors, /^pawl: port \d+ on 127.0.0.1 is taken .*PAWL_PORT or --port\n$/)
    running.kill('SIGTERM')
    await once(running, 'exit')
    const wrong = await finish(start(['serve'], { ...env, PAWL_SECRET: 'abcdefghij'.repeat(5) }))
    assert.equal(wrong.code, 1)
    assert.match(wrong.errors, /original secret/)
  })

  it('goes on, and stops when told, though nobody reads its log any more', async () => {
    const service = start(['serve'], { PAWL_DATA_DIR: path.join(dir, 'unread'), PAWL_PORT: '0' })
    const url = await urlOf(service)
    service.stdout?.destroy()
    for (let call = 0; call < 60; call++) {
      assert.equal((await exchange(`${url}/health/live`)).status, 200)
    }
    service.kill('SIGTERM')
    assert.equal((await once(service, 'exit'))[0], 0)
  })

  it('finishes what is in flight when it is told to stop', async () => {
    const env = { PAWL_DATA_DIR: path.join(dir, 'stop'), PAWL_PORT: '0' }
    const service = start(['serve'], env)
    const url = await urlOf(service)
    const headers = { 'content-type': 'application/json' }
    const calls = Array.from({ length: 50 }, (_, user) =>
      exchange(`${url}/v1/sessions`, { method: 'POST', headers, body: { userId: `u${user}` } }),
    )
    await calls[0]
    service.kill('SIGTERM')
    const settled = await Promise.allSettled(calls)
    const [code] = await once(service, 'exit')
    assert.equal(code, 0)
    for (const outcome of settled) {
      // A connection that was never accepted is refused; an accepted request is answered in full.
      if (outcome.status === 'fulfilled') assert.equal(outcome.value.status, 200)
      else assert.match(String(outcome.reason.code), /ECONNREFUSED|ECONNRESET/)
    }
  })
})
