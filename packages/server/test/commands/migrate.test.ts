import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'

const program = path.join(import.meta.dirname, '../programs/run-commands.ts')
let operator: ChildProcess
let dir: string

before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-migrate-'))
  operator = fork(program, { env: { PAWL_DATA_DIR: dir } })
})
after(() => {
  operator.kill()
  rmSync(dir, { recursive: true, force: true })
})

async function migrate(...args: readonly string[]) {
  const answered = once(operator, 'message')
  operator.send(['migrate', ...args])
  const [finished] = (await answered) as [{ code: number; output: string; errors: string }]
  return finished
}

describe('pawl migrate --dry-run', () => {
  it('prints all there is to run where there is no database, and makes none', async () => {
    const { code, output, errors } = await migrate('--dry-run')
    assert.deepEqual([code, errors], [0, ''])
    assert.match(output, /CREATE TABLE/)
    assert.deepEqual(readdirSync(dir), [])
  })

  it('prints nothing once the schema is up to date', async () => {
    assert.equal((await migrate()).code, 0)
    const { code, output, errors } = await migrate('--dry-run')
    assert.deepEqual([code, output], [0, ''])
    assert.equal(errors, 'pawl: the schema is up to date: there is nothing to do\n')
  })

  it('refuses what is no database', async () => {
    const file = path.join(dir, 'other.db')
    writeFileSync(file, 'no database, '.repeat(1_000))
    const { code, output, errors } = await migrate('--dry-run', '--store', `sqlite:${file}`)
    assert.deepEqual([code, output], [1, ''])
    assert.match(errors, /^pawl: \S/)
  })

  it('prints what an empty database needs, and says so, while the server is away', async () => {
    const port = await freePort()
    for (const scheme of ['postgres', 'mysql', 'mongodb']) {
      const store = `${scheme}://pawl:secret@127.0.0.1:${port}/pawl`
      const { code, output, errors } = await migrate('--dry-run', '--store', store)
      assert.equal(code, 0, errors)
      assert.match(output, scheme === 'mongodb' ? /createIndex/ : /CREATE TABLE/)
      assert.match(errors, /what follows is all that an empty database needs\n$/)
      assert.doesNotMatch(errors, /secret/)
    }
  })
})

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
