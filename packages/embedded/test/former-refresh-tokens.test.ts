import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { AppId, EpochMs, SessionHandle, TenantId } from '@pawl/core'
import { withFormerTokens } from '../src/former-refresh-tokens.ts'
import { generateSecret, openSecretRing } from '../src/master-secret.ts'
import { openForWire } from '../src/open-for-wire.ts'
import { REFRESH_MARKS } from '../src/refresh-token-layout.ts'
import { sealedRefreshTokens } from '../src/sealed-refresh-tokens.ts'
import { bareOrigin, handleOf } from '../src/session-origin.ts'

const app = 'default' as AppId
const handle = Buffer.alloc(16, 7).toString('base64url') as SessionHandle
const sha256 = (text: string) => hash('sha256', text, 'hex')
const secrets = openSecretRing([generateSecret()])

function tokensWithFormer() {
  const former = { tenant: 'default', handle, hash1: sha256('old'), parentHash1: sha256('older') }
  const open = (token: string) => (token === 'old' ? former : undefined)
  return withFormerTokens(sealedRefreshTokens(secrets), app, open)
}

describe('refresh tokens that were made elsewhere', () => {
  it('open with the hashes of their own kind', () => {
    const opened = tokensWithFormer().open('old')
    assert.equal(opened?.handle, handle)
    assert.equal(
      Buffer.from(opened?.hash2 ?? '', 'base64url').toString('hex'),
      sha256(sha256('old')),
    )
    const parent = Buffer.from(opened?.parentHash2 ?? '', 'base64url').toString('hex')
    assert.equal(parent, sha256(sha256('older')))
    assert.equal(tokensWithFormer().open('other'), undefined)
  })

  it('have children of ours, which name them and the session for ever', () => {
    const tokens = tokensWithFormer()
    const parent = tokens.open('old')
    assert.ok(parent)
    const session = { app, tenant: 'default' as TenantId, handle, keyThumbprint: null }
    const mintedAtMs = 1_700_000_000_000 as EpochMs
    const child = tokens.mint({ session, origin: parent.origin, parent, mintedAtMs })
    const read = tokens.open(child.token)
    assert.equal(read?.handle, handle)
    assert.equal(read?.parentHash2, parent.hash2)
    assert.equal(read?.generation, 1)
    assert.ok(read)
    const order = { session, origin: read.origin, parent: read, mintedAtMs }
    const grandchild = tokens.open(tokens.mint(order).token)
    assert.equal(grandchild?.handle, handle)
    assert.equal(grandchild?.parentHash2, read.hash2)
  })

  it('have an origin that is the handle, and says so', () => {
    assert.equal(handleOf(bareOrigin(handle)), handle)
  })
})

describe('marks of a refresh token', () => {
  it('are read by a wire, and make no difference to the rest', () => {
    const marks = REFRESH_MARKS.companion | REFRESH_MARKS.staticKey
    const tokens = sealedRefreshTokens(secrets, marks)
    const session = { app, tenant: 'default' as TenantId, handle, keyThumbprint: null }
    const order = { session, origin: bareOrigin(handle), parent: null, mintedAtMs: 1 as EpochMs }
    const { token } = tokens.mint(order)
    const opened = openForWire(secrets, token)
    assert.deepEqual([opened?.hasCompanion, opened?.isStaticKey], [true, true])
    assert.equal(opened?.isCompanion('wrong'), false)
    assert.equal(sealedRefreshTokens(secrets).open(token)?.handle, handle)
    const plain = openForWire(secrets, sealedRefreshTokens(secrets).mint(order).token)
    assert.deepEqual([plain?.hasCompanion, plain?.isStaticKey], [false, false])
  })
})
