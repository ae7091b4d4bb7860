import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ApiKey, apiKeyFinder, generateApiKey, parseApiKey } from '../../src/http/api-keys.ts'

function parsed(entry: string): ApiKey {
  const result = parseApiKey(entry)
  assert.ok(result.kind === 'key', JSON.stringify(result))
  return result.key
}

describe('API keys', () => {
  it('are found by key or hash alike, and say no more than an id', () => {
    const { key, keyHash } = generateApiKey()
    assert.deepEqual(parsed(key), parsed(keyHash))
    const find = apiKeyFinder([parsed(keyHash)])
    assert.equal(find(key, 0)?.id, key.split('.')[1])
    assert.equal(find(keyHash, 0), undefined)
    assert.match(key, /^pawl_key1\.[\w-]{8}\.[\w-]{43}\.[0-9A-Za-z]{6}$/)
  })

  it('do not stand in for each other though they share an id', () => {
    const [a, b] = [generateApiKey(), generateApiKey()]
    const find = apiKeyFinder([parsed(a.key)])
    assert.equal(find(b.key, 0), undefined)
    assert.equal(find('', 0), undefined)
  })

  it('may be bounded in scope and time', () => {
    const { key, keyHash } = generateApiKey()
    const bounded = parsed(`${keyHash} ; scopes=read+verify; not-after=2027-01-01T00:00:00Z`)
    assert.deepEqual([...bounded.scopes], ['read', 'verify'])
    const find = apiKeyFinder([bounded])
    const endMs = Date.UTC(2027, 0, 1)
    assert.ok(find(key, endMs - 1))
    assert.equal(find(key, endMs), undefined)
  })

  it('are refused with a fault that repeats no key', () => {
    const { key } = generateApiKey()
    const entries = ['', 'secret', key.slice(0, -1), `${key};scopes=all`, `${key};not-after=soon`]
    for (const entry of [...entries, `${key};x=1`]) {
      const result = parseApiKey(entry)
      assert.equal(result.kind, 'fault', entry)
      assert.equal(JSON.stringify(result).includes(key.slice(0, 30)), false)
    }
  })
})
