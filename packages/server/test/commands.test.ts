import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { CoreApi, Outcome } from '@pawl/protocol'
import { type RunningServer, startServer } from '../src/index.ts'
import { exchange, httpCoreClient } from './http-core-client.ts'

const program = path.join(import.meta.dirname, 'programs/run-commands.ts')
let operator: ChildProcess
let dir: string
let server: RunningServer
let core: CoreApi

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-commands-'))
  server = await startServer({ port: 0, dataDir: dir, logLevel: 'silent' })
  core = httpCoreClient(server.url, undefined)
  operator = fork(program, { env: { PAWL_DATA_DIR: dir } })
})
after(async () => {
  operator.kill()
  await core.close()
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

interface Finished {
  readonly code: number
  readonly output: string
  readonly errors: string
}

/** Runs a command in a process of its own, beside the service, on the same store. */
async function pawl(...args: readonly string[]): Promise<Finished> {
  const answered = once(operator, 'message')
  operator.send(args)
  const [finished] = (await answered) as [Finished]
  return finished
}

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

/** Asks again until it is so, as long as a running service may take to know. */
async function within5Seconds(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 5_000
  while (!(await isSo())) {
    assert.ok(performance.now() < endMs, 'it took more than 5 s')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('the commands of operators, beside a running service', () => {
  it('list the sessions of a user and end one, or all', async () => {
    const grants = [1, 2, 3].map(() => core.createSession({ userId: 'ada', device: { os: 'x' } }))
    const [first] = await Promise.all(grants)
    const { handle } = valueIn(first as Outcome<{ session: { handle: string } }>).session
    const listed = await pawl('sessions', 'list', '--user', 'ada', '--json')
    assert.equal(JSON.parse(listed.output).sessions.length, 3)
    assert.match((await pawl('user', 'sessions', 'ada')).output, new RegExp(`${handle} .*"os"`))
    const revoked = await pawl('sessions', 'revoke', handle)
    assert.equal(revoked.code, 0)
    const { time: _, ...audit } = JSON.parse(revoked.errors)
    assert.deepEqual(audit, {
      ...{ level: 'info', msg: 'audit', what: 'sessions-revoked', command: 'sessions revoke' },
      ...{ app: 'default', tenant: 'default', handle, count: 1 },
    })
    const again = await pawl('sessions', 'revoke', handle)
    assert.deepEqual([again.code, again.output], [1, ''])
    assert.match(again.errors, /no live session/)
    assert.match((await pawl('user', 'sessions', 'ada', '--revoke')).output, /2 sessions ended/)
    assert.equal(valueIn(await core.listSessions({ userId: 'ada' })).sessions.length, 0)
  })

  it('end sessions by user, by tenant and up to a time, and never by omission', async () => {
    const logIn = (userId: string) => core.createSession({ userId })
    const first = valueIn(await logIn('eve')).session
    const upTo = new Date(first.createdAtMs).toISOString()
    await within5Seconds(async () => Date.now() > first.createdAtMs)
    valueIn(await logIn('eve'))
    const left = async (userId = 'eve') =>
      valueIn(await core.listSessions({ userId })).sessions.length
    for (const words of [
      ...['', `--before ${upTo}`, '--tenant default', `--tenant default --before ${upTo}`],
      ...[`${first.handle} --user eve`, '--user eve --before 2026-01-31', '--yes'],
    ]) {
      const refused = await pawl('sessions', 'revoke', ...words.split(' ').filter(Boolean))
      assert.deepEqual([refused.code, refused.output], [2, ''], words)
    }
    assert.equal((await pawl('sessions', 'revoke', '--user', 'eve', '--tenant', 'nowhere')).code, 1)
    assert.equal((await pawl('sessions', 'revoke', '--user', '')).code, 1)
    assert.equal(await left(), 2)
    const old = await pawl('sessions', 'revoke', '--user', 'eve', '--before', upTo)
    assert.deepEqual(
      [old.code, old.output],
      [0, `1 session ended: all of the user that were created up to ${upTo}.\n`],
    )
    assert.equal(await left(), 1)
    const all = await pawl('sessions', 'revoke', '--user', 'eve', '--json')
    assert.equal(JSON.parse(all.output).handles.length, 1)
    assert.equal(await left(), 0)
    valueIn(await logIn('mallory'))
    const before = ['--before', upTo, '--yes']
    const stays = await pawl('sessions', 'revoke', '--tenant', 'default', ...before)
    assert.match(stays.output, /^Every session of the tenant default that was created up to /)
    assert.equal(await left('mallory'), 1)
    const ends = await pawl('sessions', 'revoke', '--tenant', 'default', '--yes')
    assert.equal(ends.output, 'Every session of the tenant default has ended.\n')
    assert.equal(await left('mallory'), 0)
  })

  it('make tenants and apps that the service soon knows', async () => {
    const made = await pawl('tenant', 'put', 'acme', '--settings', '{"assurance":"aal3"}')
    assert.equal(made.code, 0, made.errors)
    const logIn = () => core.createSession({ userId: 'ada', tenant: 'acme' })
    await within5Seconds(async () => (await logIn()).kind === 'ok')
    const { session } = valueIn(await logIn())
    assert.equal(session.absoluteExpiresAtMs - session.createdAtMs, 43_200_000)
    const bad = await pawl('app', 'put', 'shop', '--settings', '{"accessTtlSeconds":60}')
    assert.equal(bad.code, 1)
    assert.match(bad.errors, /race window/)
    assert.equal((await pawl('app', 'put', 'shop')).code, 0)
    const { output } = await pawl('app', 'list', '--json')
    assert.deepEqual(
      JSON.parse(output).map(({ name }: { name: string }) => name),
      ['default', 'shop'],
    )
    const unsure = await pawl('tenant', 'remove', 'acme')
    assert.deepEqual([unsure.code, unsure.errors.includes('--yes')], [2, true])
    assert.equal((await pawl('tenant', 'remove', 'acme', '--yes')).code, 0)
    await within5Seconds(async () => (await logIn()).kind === 'refused')
  })

  it('mark a tenant whose settings do not go together with what it inherits now', async () => {
    const settings = '{"idleTimeoutSeconds":1900}'
    assert.equal((await pawl('tenant', 'put', 'brisk', '--settings', settings)).code, 0)
    const { output } = await pawl('tenant', 'list', '--access-ttl-seconds', '1000')
    assert.match(
      output,
      /brisk {2}version 1 .*\n {2}! the idle timeout \(1900 s\) must be at least/,
    )
    assert.equal((await pawl('tenant', 'list')).output.includes('!'), false)
    assert.equal((await pawl('tenant', 'remove', 'brisk', '--yes')).code, 0)
  })

  it('say what is wrong with what was typed, all at once', async () => {
    const bad = await pawl('apikey', 'create', '--scopes', 'all', '--expires', 'soon', '--app', 'A')
    assert.equal(bad.code, 2)
    for (const fault of [/--scopes/, /--expires/, /--app/]) assert.match(bad.errors, fault)
    const bound = await pawl('apikey', 'create', '--scopes', 'metrics', '--app', 'shop')
    assert.deepEqual([bound.code, bound.output], [2, ''])
    assert.match(bound.errors, /the scope metrics and an app/)
    const dashed = await pawl('sessions', 'revoke', '-aaaaaaaaaaaaaaaaaaaaa')
    assert.match(dashed.errors, /no live session -a/)
    assert.match((await pawl('sessions', 'lst')).errors, /say pawl sessions list --user <id>, /)
    assert.match((await pawl('sessions', 'list')).errors, /say pawl sessions list --user <id>, /)
    assert.match((await pawl('sessions', 'list', '--usr', 'x')).errors, /did you mean --user\?/)
    assert.equal((await pawl('tenant', 'list', '--app', 'nowhere')).code, 1)
    for (const command of ['sessions list --user ada', 'user sessions ada --revoke']) {
      const { code, errors } = await pawl(...command.split(' '), '--tenant', 'acmee')
      assert.deepEqual([code, /there is no tenant acmee/.test(errors)], [1, true])
    }
  })

  // Last: from the first key on, the service wants one.
  it('make API keys that count within seconds, and revoke them', async () => {
    const made = await pawl(
      'apikey',
      'create',
      '--name',
      'ci',
      '--scopes',
      'read',
      '--expires',
      '90d',
      '--json',
    )
    const { key, id, scopes } = JSON.parse(made.output)
    assert.deepEqual(scopes, ['read'])
    const ask = async (path: string): Promise<number> => {
      const headers = { authorization: `Bearer ${key}` }
      return (await exchange(server.url + path, { headers })).status
    }
    const list = '/v1/sessions?userId=ada'
    await within5Seconds(async () => (await exchange(server.url + list)).status === 401)
    assert.equal(await ask(list), 200)
    assert.equal(await ask('/v1/apps'), 403)
    const listed = await pawl('apikey', 'list')
    assert.match(listed.output, new RegExp(`^${id}  "ci"  scopes read  any app`))
    assert.equal(listed.output.includes(key), false)
    assert.equal((await pawl('apikey', 'revoke', id)).code, 0)
    await within5Seconds(async () => (await ask(list)) === 401)
    assert.equal((await pawl('apikey', 'revoke', id)).code, 1)
  })
})
