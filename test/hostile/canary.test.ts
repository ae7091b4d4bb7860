import assert from 'node:assert/strict'
import { createPrivateKey, hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { generateSecret, joinToken } from '@pawl/embedded'
import { generateApiKey } from '../../packages/server/src/http/api-keys.ts'
import { exchange, httpCoreClient } from '../../packages/server/test/http-core-client.ts'
import { type CoreService, startCore } from '../kill/core-service.ts'

/** Shorter pieces than this occur by chance. */
const PIECE_CHARS_MIN = 16
/** Values of the dump that are tried as credentials; far more than there are. */
const TRIED_MAX = 5_000

const secret = generateSecret()
const { key, keyHash } = generateApiKey()
const canaries = new Map<string, string | Buffer>()
let dir: string
let core: CoreService
let dump: Buffer

/** Remembers a secret value and everything that gives it away. */
function watch(name: string, token: string): void {
  canaries.set(name, token)
  for (const [index, part] of token.split('.').entries()) {
    // The header of a JWT and the id of a secret are public.
    const isPublic = index === 0 || (token.startsWith('pawl_') && index === 1)
    if (!isPublic && part.length >= PIECE_CHARS_MIN) canaries.set(`${name}, part ${index}`, part)
  }
  if (!token.startsWith('pawl_rt1')) return
  const hash1 = hash('sha256', token, 'buffer')
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    canaries.set(`${name}, hash1 in ${encoding}`, hash1.toString(encoding))
  }
  canaries.set(`${name}, hash1`, hash1)
}

/** A day in the life of a service: everything that works, and much that does not. */
async function liveADay(url: string): Promise<void> {
  const api = httpCoreClient(url, key)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  for (const accessKind of ['jwt', 'opaque'] as const) {
    const claims = { role: 'user' }
    const created = await api.createSession({ userId: `ada ${accessKind}`, accessKind, claims })
    assert.ok(created.kind === 'ok')
    let grant = created.value
    const { handle } = grant.session
    for (let turn = 0; turn < 4; turn++) {
      watch(`refresh token ${accessKind} ${turn}`, grant.refreshToken.token)
      watch(`access token ${accessKind} ${turn}`, grant.accessToken.token)
      const { token: accessToken } = grant.accessToken
      const { token: refreshToken } = grant.refreshToken
      await api.verifySession({ accessToken, checkStore: true })
      await api.confirmUses({ uses: [{ accessToken, firstSeenAtMs: Date.now() }] })
      const replaced = await api.replaceClaims({ handle, claims: { turn }, accessToken })
      assert.ok(replaced.kind === 'ok' && replaced.value.accessToken)
      watch(`re-issued token ${accessKind} ${turn}`, replaced.value.accessToken.token)
      // Where tokens do not belong, and damaged.
      await api.refreshSession({ refreshTokens: [accessToken, `${refreshToken}x`] })
      await api.verifySession({ accessToken: refreshToken })
      await api.createSession({ userId: 'x', [refreshToken]: accessToken } as never)
      await api.getSession({ handle: accessToken.slice(0, 22) })
      await exchange(`${url}/${refreshToken}?token=${accessToken}`, { headers })
      await exchange(`${url}/v1/sessions?userId=${refreshToken}`, { headers })
      const wrongKey = { ...headers, authorization: `Bearer ${accessToken}` }
      await exchange(`${url}/v1/settings`, { headers: wrongKey })
      const body = `{"refreshTokens": ["${refreshToken}"`
      await exchange(`${url}/v1/sessions/refresh`, { method: 'POST', headers, body })
      const refreshed = await api.refreshSession({ refreshTokens: [refreshToken] })
      assert.ok(refreshed.kind === 'ok')
      grant = refreshed.value
    }
    const root = created.value.refreshToken.token
    const stolen = await api.refreshSession({ refreshTokens: [root] })
    assert.equal(stolen.kind === 'refused' && stolen.code, 'token_theft')
    await api.signOut({ refreshTokens: [root], accessToken: grant.accessToken.token })
  }
  // One that lives on: what is in the dump is tried against it.
  const lasting = await api.createSession({ userId: 'bob' })
  assert.ok(lasting.kind === 'ok')
  watch('the refresh token that lives on', lasting.value.refreshToken.token)
  watch('the access token that lives on', lasting.value.accessToken.token)
  await api.close()
}

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-canary-'))
  canaries.set('the master secret', secret)
  canaries.set('the bytes of the master secret', Buffer.from(secret, 'base64url'))
  canaries.set('the API key', key)
  canaries.set('the secret of the API key', key.split('.')[2] ?? '')
  core = await startCore({
    PAWL_PORT: '0',
    PAWL_DATA_DIR: dir,
    PAWL_SECRET: secret,
    PAWL_API_KEYS: keyHash,
    PAWL_LOG_LEVEL: 'debug',
    // Every refusal is to say what the value is worth, not that there were many.
    PAWL_FAILURES_PER_MINUTE: '0',
  })
  await liveADay(core.url)
  // The write-ahead log goes away at a clean stop: it is read before.
  const files = readdirSync(dir).filter((name) => name.startsWith('pawl.db'))
  assert.ok(files.includes('pawl.db-wal'), String(files))
  const whole = await exchange(`${core.url}/v1/openapi.json`, {
    headers: { authorization: `Bearer ${key}` },
  })
  assert.equal(whole.status, 200)
  // Lines are written in blocks: the last request's is there when all are.
  while (!core.log().includes('"route":"openapi"')) await exchange(`${core.url}/health/live`)
  const bytes = files.map((name) => readFileSync(path.join(dir, name)))
  dump = Buffer.concat([...bytes, Buffer.from(core.log())])
})
after(async () => {
  await core.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe('a dump of the database and all logs', () => {
  it('holds the sessions and the story, or the search would prove nothing', () => {
    for (const word of ['ada jwt', 'ada opaque', 'bob', '"theft"', '"refreshed"', 'signing-key']) {
      assert.ok(dump.includes(word), word)
    }
    assert.ok(canaries.size > 60)
  })

  it('holds no token, no part of one, nothing that makes a child, no key and no secret', () => {
    for (const [name, value] of canaries) assert.equal(dump.includes(value), false, name)
    assert.doesNotMatch(
      dump.toString('latin1'),
      /BEGIN (?:EC )?PRIVATE KEY|"d":"|pawl_rt1\.[\w-]{8}\./,
    )
  })

  it('holds no private key: nothing in it is one by itself', () => {
    for (const value of valuesIn(dump)) {
      for (const encoding of ['base64url', 'hex'] as const) {
        const der = Buffer.from(value, encoding)
        assert.throws(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
      }
    }
  })

  it('authenticates nowhere: each value, as it is and dressed as a token, is refused', async (t) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const values = valuesIn(dump)
    assert.ok(values.length > 20 && values.length < TRIED_MAX, String(values.length))
    const secretId = /pawl_rt1\.([\w-]{8})\./.exec(String(canaries.get('refresh token jwt 0')))?.[1]
    assert.ok(secretId)
    const dressed = values.flatMap((value) => [
      value,
      joinToken('pawl_rt1', { id: secretId, payload: value.replaceAll('.', '') }),
      joinToken('pawl_at1', { id: secretId.slice(0, 2), payload: value.replaceAll('.', '') }),
    ])
    for (const value of dressed) {
      const refresh = { method: 'POST', headers, body: { refreshTokens: [value] } }
      const refreshed = await exchange(`${core.url}/v1/sessions/refresh`, refresh)
      assert.equal(refreshed.status, 401, value)
      const verify = { method: 'POST', headers, body: { accessToken: value } }
      const verified = await exchange(`${core.url}/v1/sessions/verify`, verify)
      assert.equal(verified.status, 401, value)
      const asKey = { 'api-key': value }
      assert.equal((await exchange(`${core.url}/v1/settings`, { headers: asKey })).status, 401)
    }
    t.diagnostic(`${dressed.length} values tried as three kinds of credential`)
    const lasting = String(canaries.get('the refresh token that lives on'))
    const refresh = { method: 'POST', headers, body: { refreshTokens: [lasting] } }
    assert.equal((await exchange(`${core.url}/v1/sessions/refresh`, refresh)).status, 200)
  })
})

/** Every run of characters in a dump that a token or a key could be made of. */
function valuesIn(bytes: Buffer): readonly string[] {
  const runs = bytes.toString('latin1').match(/[A-Za-z0-9_.-]{16,}/g) ?? []
  // In a database page values stand side by side: the fixed lengths are cut out at every place.
  const cut = runs.flatMap((run) => run.match(/[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{22}/g) ?? [])
  return [...new Set([...runs, ...cut])].slice(0, TRIED_MAX)
}
