import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type {
  AppId,
  EpochMs,
  Hash1,
  Origin,
  SessionHandle,
  StoredRecord,
  TenantId,
} from '@pawl/core'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import type { Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { openSecretRing } from '../../packages/embedded/src/master-secret.ts'
import { sealedRefreshTokens } from '../../packages/embedded/src/sealed-refresh-tokens.ts'

const APP = 'default' as AppId
const NOW_MS = 1_800_000_000_000 as EpochMs
const clock = { nowMs: () => NOW_MS }

function valueIn<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'refused') assert.fail(`${outcome.code}: ${outcome.detail}`)
  return outcome.value
}

async function openVictim() {
  const store = memoryStore()
  const secret = generateSecret()
  const core = await embedCore({ store, secret, clock })
  const root = valueIn(await core.createSession({ userId: 'ann' }))
  const child = valueIn(await core.refreshSession({ refreshTokens: [root.refreshToken.token] }))
  const key = {
    app: APP,
    tenant: 'default' as TenantId,
    handle: root.session.handle as SessionHandle,
  }
  const row = () => store.find(key)
  return { store, secret, core, root, child, key, row }
}

/** What a forger can pack into a seal: every hash he can see, in every generation. */
function* forgedOrders(child: Grant, row: { readonly curHash2: string }) {
  const lineage = Buffer.from(String(decodeJwt(child.accessToken.token).lin), 'base64url')
  const seen = [
    lineage.subarray(10, 42),
    Buffer.concat([lineage.subarray(42), Buffer.alloc(20)]),
    Buffer.from(row.curHash2, 'base64url'),
    createHash('sha256').update(child.accessToken.token).digest(),
    randomBytes(32),
  ]
  const handleBytes = Buffer.from(child.session.handle, 'base64url')
  for (const origin of [handleBytes, randomBytes(16), Buffer.alloc(16)]) {
    for (const hash1 of seen) {
      for (const generation of [-1, 0, 1, 2, 5, 1_000]) yield { origin, hash1, generation }
    }
  }
}

test('a sealing key and an access token forge no refresh token, row 5 included', async (t) => {
  const { secret, core, child, key, row } = await openVictim()
  t.after(() => core.close())
  const forger = sealedRefreshTokens(openSecretRing([secret]))
  const before = await row()
  assert.ok(before)
  let tried = 0
  for (const { origin, hash1, generation } of forgedOrders(child, before)) {
    const parent = { hash1: Uint8Array.from(hash1) as Hash1, hash2: before.curHash2, generation }
    const { token } = forger.mint({
      session: { ...key, keyThumbprint: null },
      origin: Uint8Array.from(origin) as Origin,
      parent,
      mintedAtMs: NOW_MS,
    })
    const answer = await core.refreshSession({ refreshTokens: [token] })
    assert.equal(answer.kind, 'refused')
    tried++
  }
  assert.ok(tried >= 90)
  assert.deepEqual(await row(), before)
  valueIn(await core.refreshSession({ refreshTokens: [child.refreshToken.token] }))
})

test('nothing in the rows and records authenticates anybody', async (t) => {
  const { store, core, row } = await openVictim()
  t.after(() => core.close())
  const records = await allRecords(store)
  const dump = JSON.stringify([await row(), records])
  const values = new Set(dump.match(/[A-Za-z0-9_.-]{16,}/g))
  for (const value of values) {
    const refreshed = await core.refreshSession({ refreshTokens: [value] })
    assert.equal(refreshed.kind === 'refused' && refreshed.code, 'refresh_token_invalid')
    const verified = await core.verifySession({ accessToken: value })
    assert.equal(verified.kind === 'refused' && verified.code, 'access_token_invalid')
  }
  assert.ok(values.size > 3)
})

test('a key slipped into the store signs nothing: its record is sealed, or it is refused', async (t) => {
  const { store, secret, core, child } = await openVictim()
  t.after(() => core.close())
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const kid = 'd-AAAAAAAAAAA'
  const claims = decodeJwt(child.accessToken.token)
  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const forged = await new SignJWT({ ...claims, sub: 'admin' })
    .setProtectedHeader(header)
    .sign(privateKey)
  const pkcs8 = randomBytes(138).toString('base64url')
  const value = { kid, alg: 'ES256', createdAtMs: 0, signsFromMs: 0, sealed: `x.${pkcs8}` }
  await store.insertRecord({ kind: 'signing-key', app: APP, id: '000002' }, JSON.stringify(value))
  const verified = await core.verifySession({ accessToken: forged })
  assert.equal(verified.kind === 'refused' && verified.code, 'access_token_invalid')
  const restarted = embedCore({ store, secret, clock, closesStore: false })
  await assert.rejects(restarted, { kind: 'corrupt' })
})

test('rows swapped between keys, apps and sessions fail loudly or not at all', async (t) => {
  const { store, secret, core, child } = await openVictim()
  const other = valueIn(await core.createSession({ userId: 'eve' }))
  const records = await allRecords(store)
  await core.close()
  const again = memoryStore()
  for (const record of records) {
    const app = record.kind === 'signing-key' ? 'shop' : record.app
    await again.insertRecord({ ...record, app }, record.value)
  }
  const moved = embedCore({ store: again, secret, clock, apps: { shop: {} } })
  await assert.rejects(moved, { kind: 'corrupt' })
  const swapped: EmbeddedCore = await embedCore({ store: memoryStore(), secret, clock })
  t.after(() => swapped.close())
  for (const grant of [child, other]) {
    const refreshed = await swapped.refreshSession({ refreshTokens: [grant.refreshToken.token] })
    assert.equal(refreshed.kind === 'refused' && refreshed.code, 'session_ended')
  }
})

async function allRecords(store: ReturnType<typeof memoryStore>): Promise<readonly StoredRecord[]> {
  const kinds = [
    ['signing-key', APP],
    ['master-secret', '*'],
  ] as const
  return (await Promise.all(kinds.map(([kind, app]) => store.listRecords(kind, app)))).flat()
}
