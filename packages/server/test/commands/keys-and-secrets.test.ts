import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type EmbedOptions, embedCore, generateSecret, readSecretLines } from '@pawl/embedded'
import { sqliteStore } from '@pawl/store-sqlite'
import { startServer } from '../../src/index.ts'
import { httpCoreClient } from '../http-core-client.ts'
import { type Operator, openOperator } from '../programs/open-operator.ts'

let operator: Operator
let dir: string

before(() => {
  operator = openOperator()
  dir = operator.dir
})
after(() => operator.leave())

const pawl = (...args: readonly string[]) => operator.pawl(...args)

const secretFile = () => path.join(dir, 'secret')

/** A core starts on the store with these secrets, and stops. */
async function startCore(
  secret: readonly string[],
  others: Pick<EmbedOptions, 'apps'> = {},
): Promise<void> {
  const store = sqliteStore({ path: path.join(dir, 'pawl.db') })
  await (await embedCore({ store, secret, ...others })).close()
}

describe('the commands for keys and secrets', () => {
  it('find no database where there is none, and make none', async () => {
    const commands = ['keys list', 'apikey list', 'secret rotate', 'user sessions ada', 'app list']
    for (const command of commands) {
      const { code, errors } = await pawl(...command.split(' '))
      assert.deepEqual([code, /^pawl: there is no database .*--data-dir/.test(errors)], [1, true])
    }
    assert.equal(existsSync(path.join(dir, 'pawl.db')) || existsSync(secretFile()), false)
  })

  it('list, turn and revoke the keys of an app that there is', async () => {
    const secret = generateSecret()
    writeFileSync(secretFile(), `${secret}\n`, { mode: 0o600 })
    await startCore([secret])
    const [first] = JSON.parse((await pawl('keys', 'list', '--json')).output)
    assert.equal((await pawl('keys', 'rotate')).code, 0)
    assert.equal((await pawl('keys', 'list')).output.split('\n').length, 3)
    assert.match((await pawl('keys', 'revoke', first.kid)).output, /Cores refuse its tokens within/)
    const again = await pawl('keys', 'revoke', first.kid)
    assert.deepEqual([again.code, /has no key/.test(again.errors)], [1, true])
    for (const verb of ['list', 'rotate']) {
      const { code, errors } = await pawl('keys', verb, '--app', 'nowhere')
      assert.deepEqual([code, /there is no app nowhere/.test(errors)], [1, true])
    }
  })

  it('make nothing under a secret that is not the one of the store', async () => {
    const own = readFileSync(secretFile(), 'utf8')
    writeFileSync(secretFile(), `${generateSecret()}\n`)
    for (const command of ['keys rotate', 'secret rewrap']) {
      const { code, errors } = await pawl(...command.split(' '))
      assert.deepEqual([code, /original secret/.test(errors)], [1, true])
    }
    assert.match((await pawl('keys', 'list')).output, /no core starts with it/)
    writeFileSync(secretFile(), own, { mode: 0o600 })
    await startCore(readSecretLines(own))
  })

  it('invent no secret for a store that has one', async () => {
    const own = readFileSync(secretFile(), 'utf8')
    rmSync(secretFile())
    const commands = ['serve --port 0', 'keys rotate', 'secret rotate', 'sessions list --user ada']
    for (const command of commands) {
      const { code, errors } = await pawl(...command.split(' '))
      assert.deepEqual([code, /secret is not there: put it back/.test(errors)], [1, true])
      assert.equal(existsSync(secretFile()), false)
    }
    writeFileSync(secretFile(), own, { mode: 0o600 })
  })

  it('turn the secret: old and new open, then the new one is needed', async () => {
    const old = readSecretLines(readFileSync(secretFile(), 'utf8'))
    assert.equal((await pawl('secret', 'rotate', 'now')).code, 2)
    assert.match((await pawl('secret', 'rotate')).output, /holds 2 secrets now/)
    const secrets = readSecretLines(readFileSync(secretFile(), 'utf8'))
    assert.deepEqual(secrets.slice(1), old)
    await startCore(secrets)
    // An app that only this program has: no command knows its name.
    await startCore(old, { apps: { ours: {} } })
    assert.match((await pawl('secret', 'rewrap')).output, /^2 signing keys were sealed anew/)
    await assert.rejects(startCore(old), /original secret/)
    await startCore(secrets.slice(0, 1), { apps: { ours: {} } })
  })

  it('turn the secret below processes of which only one was restarted', async () => {
    const log = { port: 0, dataDir: dir, logLevel: 'silent' } as const
    const running = await startServer(log)
    assert.equal((await pawl('secret', 'rotate')).code, 0)
    const restarted = await startServer(log)
    const cores = [running, restarted].map(({ url }) => httpCoreClient(url, undefined))
    try {
      const granted = await cores[1]?.createSession({ userId: 'ada' })
      assert.equal(granted?.kind, 'ok')
      const refreshTokens = granted?.kind === 'ok' ? [granted.value.refreshToken.token] : []
      const refreshed = await cores[0]?.refreshSession({ refreshTokens })
      assert.equal(refreshed?.kind, 'ok', JSON.stringify(refreshed))
    } finally {
      for (const one of [...cores, running, restarted]) await one.close()
    }
    assert.match((await pawl('secret', 'rewrap')).output, /were sealed anew/)
  })

  it('say how long the old secret is needed: the longest idle timeout of all settings', async () => {
    const plain = ['secret', 'rewrap', '--compat-enabled', 'false']
    assert.match((await pawl(...plain)).output, /for 14 more days/)
    assert.match((await pawl('secret', 'rewrap')).output, /for 100 more days/)
    const year = '{"idleTimeoutSeconds":31536000,"absoluteTimeoutSeconds":31536000}'
    assert.equal((await pawl('tenant', 'put', 'acme', '--settings', year)).code, 0)
    assert.match((await pawl(...plain)).output, /for 365 more days/)
  })
})
