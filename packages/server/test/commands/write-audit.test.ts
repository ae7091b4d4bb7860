import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Operator, openOperator } from '../programs/open-operator.ts'

let operator: Operator

before(async () => {
  operator = openOperator()
  assert.equal((await operator.pawl('migrate')).code, 0)
})
after(() => operator.leave())

/** Runs a command; what it did by its audit lines, which are on the standard error alone. */
async function auditOf(...args: readonly string[]): Promise<readonly object[]> {
  const { code, output, errors } = await operator.pawl(...args)
  assert.equal(code, 0, errors)
  assert.equal(output.includes('"audit"'), false)
  const lines = errors.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => {
    const { time, level, msg, ...rest } = JSON.parse(line)
    assert.deepEqual([typeof time, level, msg], ['string', 'info', 'audit'])
    return rest
  })
}

describe('the audit of commands', () => {
  it('tells of API keys by their id, never of the key', async () => {
    const made = await operator.pawl('apikey', 'create', '--name', 'ci', '--json')
    const { key, id } = JSON.parse(made.output)
    const { time, ...line } = JSON.parse(made.errors)
    assert.deepEqual(line, {
      ...{ level: 'info', what: 'api-key-created', target: id, name: 'ci', app: null },
      ...{ scopes: ['read', 'verify', 'write'], command: 'apikey create', msg: 'audit' },
    })
    assert.equal(made.errors.includes(key.split('.')[2]), false)
    assert.deepEqual(await auditOf('apikey', 'revoke', id), [
      { what: 'api-key-revoked', target: id, command: 'apikey revoke' },
    ])
    assert.deepEqual(await auditOf('apikey', 'prune'), [])
  })

  it('tells of apps, tenants and ends of many sessions', async () => {
    const where = { app: 'shop', tenant: 'acme' }
    assert.deepEqual(await auditOf('app', 'put', 'shop'), [
      { what: 'app-put', app: 'shop', version: 1, command: 'app put' },
    ])
    assert.deepEqual(await auditOf('tenant', 'put', 'acme', '--app', 'shop'), [
      { what: 'tenant-put', ...where, version: 1, command: 'tenant put' },
    ])
    const line = 'sessions revoke --tenant acme --app shop --yes'
    assert.deepEqual(await auditOf(...line.split(' ')), [
      { what: 'sessions-revoked', ...where, command: 'sessions revoke' },
    ])
    assert.deepEqual(await auditOf('app', 'remove', 'shop', '--yes'), [
      { what: 'app-removed', app: 'shop', command: 'app remove' },
    ])
  })

  it('tells of signing keys and the master secret', async () => {
    const log = { app: 'default', command: 'keys rotate' }
    assert.deepEqual(await auditOf('keys', 'rotate'), [{ what: 'signing-key-rotated', ...log }])
    const [key] = JSON.parse((await operator.pawl('keys', 'list', '--json')).output)
    assert.deepEqual(await auditOf('keys', 'revoke', key.kid), [
      { what: 'signing-key-revoked', app: 'default', target: key.kid, command: 'keys revoke' },
    ])
    assert.deepEqual(await auditOf('secret', 'rotate'), [
      { what: 'secret-rotated', count: 2, command: 'secret rotate' },
    ])
    const [rewrapped] = await auditOf('secret', 'rewrap')
    assert.equal((rewrapped as { what?: string }).what, 'secret-rewrapped')
  })

  it('is silent about what only looks or fails, and above the level info', async () => {
    assert.deepEqual(await auditOf('apikey', 'list'), [])
    assert.deepEqual(await auditOf('tenant', 'list'), [])
    assert.equal((await operator.pawl('apikey', 'revoke', 'AAAAAAAA')).errors.includes('{'), false)
    const quiet = await operator.pawl('tenant', 'put', 'acme', '--log-level', 'warn')
    assert.deepEqual([quiet.code, quiet.errors], [0, ''])
  })
})
