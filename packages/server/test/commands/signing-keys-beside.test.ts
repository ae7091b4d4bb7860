import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { embedCore, generateSecret } from '@pawl/embedded'
import { sqliteStore } from '@pawl/store-sqlite'
import { type Operator, openOperator } from '../programs/open-operator.ts'

let operator: Operator

before(async () => {
  operator = openOperator()
  const secret = generateSecret()
  writeFileSync(path.join(operator.dir, 'secret'), `${secret}\n`, { mode: 0o600 })
  const store = sqliteStore({ path: path.join(operator.dir, 'pawl.db') })
  const signing = { keys: 'static', algorithm: 'EdDSA' } as const
  await (await embedCore({ store, secret, signing })).close()
})
after(() => operator.leave())

const pawl = (...args: readonly string[]) => operator.pawl(...args)

/** Ids of the keys of an app, the newest last. */
async function kids(app = 'default'): Promise<readonly string[]> {
  const { output } = await pawl('keys', 'list', '--app', app, '--json')
  return (JSON.parse(output) as { kid: string }[]).map(({ kid }) => kid)
}

describe('commands typed where the settings of the cores are not known', () => {
  it('leave the signing keys alone', async () => {
    const before = await kids()
    assert.match(before.join(), /^s-[^,]+$/)
    const commands = [
      'sessions list --user ada',
      'user sessions ada',
      'app put shop',
      'tenant list',
    ]
    for (const command of commands) {
      const { code, errors } = await pawl(...command.split(' '), '--log-level', 'warn')
      assert.deepEqual([code, errors], [0, ''], command)
    }
    assert.deepEqual(await kids(), before)
    assert.deepEqual(await kids('shop'), [])
  })

  it('turn a key into one of another nature only where that is said', async () => {
    const [present = ''] = await kids()
    for (const flags of [[], ['--signing-keys', 'static'], ['--signing-algorithm', 'EdDSA']]) {
      const { code, errors } = await pawl('keys', 'rotate', ...flags)
      assert.deepEqual(
        [code, /is EdDSA and static, .* or say it with --yes/.test(errors)],
        [2, true],
      )
    }
    assert.deepEqual(await kids(), [present])
    const same = ['--signing-keys', 'static', '--signing-algorithm', 'EdDSA']
    assert.equal((await pawl('keys', 'rotate', ...same)).code, 0)
    assert.equal((await pawl('keys', 'rotate', '--yes')).code, 0)
    assert.match((await kids()).join(), new RegExp(`^${present},s-[^,]+,d-[^,]+$`))
  })

  it('publish the next key as long before it signs as pinned verifiers need', async () => {
    const flags = ['--app', 'shop', '--signing-keys', 'static']
    for (const after of ['soon', '91d', '7']) {
      assert.equal((await pawl('keys', 'rotate', ...flags, '--after', after)).code, 2)
    }
    assert.equal((await pawl('keys', 'rotate', ...flags, '--after', '7d')).code, 0)
    const [key] = JSON.parse((await pawl('keys', 'list', ...flags, '--json')).output)
    assert.equal(key.signsFromMs - key.createdAtMs, 7 * 86_400_000)
  })
})
