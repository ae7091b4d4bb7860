import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { AppId, EpochMs, KeyThumbprint, Origin, TenantId } from '@pawl/core'
import fc from 'fast-check'
import { generateSecret, openSecretRing } from '../src/master-secret.ts'
import { systemRandom } from '../src/random-pool.ts'
import { sealedRefreshTokens } from '../src/sealed-refresh-tokens.ts'
import { handleOf } from '../src/session-origin.ts'
import { checksumOf, splitToken } from '../src/token-text.ts'

const secret = generateSecret()
const tokens = sealedRefreshTokens(openSecretRing([secret]))
const { handle, origin } = systemRandom.session()
const session = {
  app: 'default' as AppId,
  tenant: 'default' as TenantId,
  handle,
  keyThumbprint: null,
}
const mintedAtMs = 1_767_225_600_123 as EpochMs
const rechecked = (body: string): string => `${body}.${checksumOf(body)}`

describe('sealed refresh tokens', () => {
  it('open to exactly what they were minted for', () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/)
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const b64 = (length: number) => bytes(length).map((b) => Buffer.from(b).toString('base64url'))
    fc.assert(
      fc.property(
        ...([
          name,
          name,
          bytes(16),
          fc.option(b64(32)),
          fc.nat(2 ** 48 - 1),
          fc.boolean(),
        ] as const),
        (app, tenant, secretBytes, keyThumbprint, time, hasParent) => {
          const origin = Uint8Array.from(secretBytes) as Origin
          const of = { app, tenant, handle: handleOf(origin), keyThumbprint } as never
          const root = tokens.mint({ session: of, origin, parent: null, mintedAtMs })
          const parent = hasParent ? root.opened : null
          const minted = tokens.mint({ session: of, origin, parent, mintedAtMs: time as EpochMs })
          assert.deepEqual(tokens.open(minted.token), minted.opened)
          assert.equal(minted.opened.parentHash2, parent?.hash2 ?? null)
          assert.equal(minted.opened.generation, hasParent ? 1 : 0)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('sealed for a session whose tokens the forger never held open as another session', () => {
    const forged = Uint8Array.from(Buffer.from(handle, 'base64url')) as Origin
    const order = { session, origin: forged, parent: null, mintedAtMs }
    const opened = tokens.open(tokens.mint(order).token)
    assert.notEqual(opened?.handle, handle)
  })

  it('are named by the hash of the hash, so that what is stored makes no child', () => {
    const { token, opened } = tokens.mint({ session, origin, parent: null, mintedAtMs })
    const hash1 = hash('sha256', token, 'buffer')
    assert.deepEqual(Buffer.from(opened.hash1), hash1)
    assert.equal(opened.hash2, hash('sha256', hash1, 'base64url'))
    assert.equal(opened.hash2.length, 43)
  })

  it('never repeat, though minted for the same session at the same time', () => {
    const order = { session, origin, parent: null, mintedAtMs }
    const many = Array.from({ length: 1000 }, () => tokens.mint(order).token)
    assert.equal(new Set(many).size, many.length)
  })

  it('do not open after any one character was changed, even with the checksum made good', () => {
    const { token } = tokens.mint({ session, origin, parent: null, mintedAtMs })
    const body = token.slice(0, -7)
    for (let at = 0; at < body.length; at++) {
      const swapped = body[at] === 'A' ? 'B' : 'A'
      const changed = body.slice(0, at) + swapped + body.slice(at + 1)
      assert.equal(tokens.open(changed + token.slice(-7)), undefined)
      assert.equal(tokens.open(rechecked(changed)), undefined, `position ${at}`)
    }
  })

  it('do not open when cut, prolonged, padded or written in another alphabet', () => {
    const { token } = tokens.mint({ session, origin, parent: null, mintedAtMs })
    const { id, payload } = splitToken('pawl_rt1', token) ?? { id: '', payload: '' }
    for (let length = 0; length < token.length; length++) {
      assert.equal(tokens.open(token.slice(0, length)), undefined)
    }
    const forms = [`${payload}=`, `${payload}A`, `${payload}\n`, payload.replaceAll('-', '+'), '']
    for (const form of forms.filter((each) => each !== payload)) {
      assert.equal(tokens.open(rechecked(`pawl_rt1.${id}.${form}`)), undefined)
    }
    assert.equal(tokens.open(rechecked(`pawl_at1.${id}.${payload}`)), undefined)
    assert.equal(tokens.open(rechecked(`pawl_rt1.${payload}`)), undefined)
    assert.equal(tokens.open(rechecked(`pawl_rt1.${id}.${'A'.repeat(1_000_000)}`)), undefined)
  })

  it('have one spelling: trailing bits of base64url must be zero', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const named = { ...session, app: 'ab' as AppId }
    const { token } = tokens.mint({ session: named, origin, parent: null, mintedAtMs })
    const { id, payload } = splitToken('pawl_rt1', token) ?? { id: '', payload: '' }
    assert.notEqual(payload.length % 4, 0, 'the last character has spare bits')
    const last = alphabet.indexOf(payload.at(-1) ?? '')
    const other = payload.slice(0, -1) + alphabet[last ^ 1]
    assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(payload, 'base64url'))
    assert.equal(tokens.open(rechecked(`pawl_rt1.${id}.${other}`)), undefined)
  })

  it('open with every secret of the ring and are sealed with the first', () => {
    const next = generateSecret()
    const turned = sealedRefreshTokens(openSecretRing([next, secret]))
    const old = tokens.mint({ session, origin, parent: null, mintedAtMs })
    assert.deepEqual(turned.open(old.token), old.opened)
    const fresh = turned.mint({ session, origin, parent: old.opened, mintedAtMs })
    assert.equal(tokens.open(fresh.token), undefined)
    assert.equal(turned.open(fresh.token)?.parentHash2, old.opened.hash2)
  })

  it('carry the key thumbprint of a bound session', () => {
    const keyThumbprint = 'B'.repeat(42).concat('A') as KeyThumbprint
    const bound = { ...session, keyThumbprint }
    const { token } = tokens.mint({ session: bound, origin, parent: null, mintedAtMs })
    assert.equal(tokens.open(token)?.keyThumbprint, keyThumbprint)
  })
})
