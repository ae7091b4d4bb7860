import assert from 'node:assert/strict'
import { createPublicKey, type webcrypto } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { SessionEvent } from '@pawl/core'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import { type CoreApi, ERRORS, type ErrorCode, type Outcome } from '@pawl/protocol'
import { startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { exchange } from '../../packages/server/test/http-core-client.ts'
import { countingStore } from './counting-store.ts'
import { ACCESS_MUTATIONS, type Loot, type Mutation, REFRESH_MUTATIONS } from './mutations.ts'
import { type Seeded, seeded } from './random.ts'

const IN_PROCESS = 97_000
const OVER_HTTP = 3_000
/** No bad token may take longer, on a machine that does other things too. */
const WALL_MS_MAX = 2_000
/** CPU for a bad token on average: a signature check and change. */
const MEAN_CPU_MS_MAX = 2

const seed = Number(process.env.HOSTILE_SEED ?? 20_261_122)
const events: SessionEvent[] = []
const counting = countingStore(memoryStore())
const secret = generateSecret()
let core: EmbeddedCore
let loot: Loot

async function lootOf(api: CoreApi): Promise<Pick<Loot, 'refresh' | 'jwt' | 'opaque'>> {
  const [refresh, jwt, opaque]: [string[], string[], string[]] = [[], [], []]
  for (const accessKind of ['jwt', 'opaque'] as const) {
    const claims = { role: 'user' }
    const created = await api.createSession({ userId: 'ada', accessKind, claims })
    assert.ok(created.kind === 'ok')
    const refreshTokens = [created.value.refreshToken.token]
    const refreshed = await api.refreshSession({ refreshTokens })
    assert.ok(refreshed.kind === 'ok')
    for (const { value } of [created, refreshed]) {
      refresh.push(value.refreshToken.token)
      if (accessKind === 'jwt') jwt.push(value.accessToken.token)
      else opaque.push(value.accessToken.token)
    }
  }
  return { refresh, jwt, opaque }
}

async function publicKeyForms(api: CoreApi): Promise<readonly (string | Buffer)[]> {
  const keys = await api.getKeys({})
  assert.ok(keys.kind === 'ok')
  const jwk = keys.value.keys[0] as unknown as webcrypto.JsonWebKey
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  const der = key.export({ type: 'spki', format: 'der' })
  return [pem, pem.trim(), ` ${pem}`, der, JSON.stringify(jwk), `${jwk.x}`, `${jwk.y}`]
}

before(async () => {
  const apps = { shop: {} }
  const onEvent = (event: SessionEvent) => events.push(event)
  core = await embedCore({ store: counting.store, secret, apps, onEvent })
  const stranger = await embedCore({ store: memoryStore(), secret: generateSecret() })
  const shop = core.app('shop')
  assert.ok(shop)
  const strangers = [await lootOf(stranger), await lootOf(shop)]
  const foreign = strangers.flatMap(({ refresh, jwt, opaque }) => [...refresh, ...jwt, ...opaque])
  loot = { ...(await lootOf(core)), foreign, publicKeyForms: await publicKeyForms(core) }
  await stranger.close()
})
after(() => core.close())

/** A mutation that by chance gives back a good token is tried again. */
function badToken(mutations: readonly Mutation[], good: readonly string[], chance: Seeded): string {
  for (;;) {
    const token = chance.pick(mutations)(loot, chance)
    if (token !== '' && !good.includes(token)) return token
  }
}

const nextRefresh = (chance: Seeded) => badToken(REFRESH_MUTATIONS, loot.refresh, chance)
const nextAccess = (chance: Seeded) =>
  badToken(ACCESS_MUTATIONS, [...loot.jwt, ...loot.opaque], chance)

function assertRefused(outcome: Outcome<unknown>, code: ErrorCode, token: string): void {
  const got = outcome.kind === 'refused' ? outcome.code : 'ok'
  assert.equal(got, code, `seed ${seed}: ${JSON.stringify(token.slice(0, 1000))}`)
  assert.equal(ERRORS[code].status, 401)
}

describe(`${IN_PROCESS + OVER_HTTP} mutated tokens`, () => {
  it('are each a 401 of their kind in bounded time, and never reach the store', async (test) => {
    const chance = seeded(seed)
    const before = { calls: counting.calls(), events: events.length, cpu: process.cpuUsage() }
    let slowestMs = 0
    for (let count = 0; count < IN_PROCESS; count++) {
      const isRefresh = count % 2 === 0
      const token = isRefresh ? nextRefresh(chance) : nextAccess(chance)
      const startedMs = performance.now()
      if (isRefresh) {
        const outcome = await core.refreshSession({ refreshTokens: [token] })
        assertRefused(outcome, 'refresh_token_invalid', token)
      } else {
        const outcome = await core.verifySession({ accessToken: token, checkStore: true })
        assertRefused(outcome, 'access_token_invalid', token)
      }
      slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    }
    const { user, system } = process.cpuUsage(before.cpu)
    const meanCpuMs = (user + system) / 1000 / IN_PROCESS
    test.diagnostic(
      `${IN_PROCESS} in process: ${meanCpuMs.toFixed(3)} ms CPU each, slowest ${slowestMs.toFixed(0)} ms`,
    )
    assert.equal(counting.calls() - before.calls, 0, 'the store was asked')
    assert.equal(events.length - before.events, 0, 'an event was told')
    assert.ok(slowestMs < WALL_MS_MAX, `the slowest took ${slowestMs} ms`)
    assert.ok(meanCpuMs < MEAN_CPU_MS_MAX, `${meanCpuMs} ms CPU each`)
  })

  it('are the same over HTTP: problem documents, and the service goes on', async () => {
    // The store outlives the service, and no limit hides what a token is worth.
    const storeInstance = { ...counting.store, close: async () => {} }
    const server = await startServer({
      ...{ port: 0, storeInstance, secret: [secret], logLevel: 'silent', failuresPerMinute: 0 },
    })
    const before = counting.calls()
    const chance = seeded(seed + 1)
    const post = async (operation: string, body: object, code: ErrorCode): Promise<void> => {
      const url = `${server.url}/v1/sessions/${operation}`
      const headers = { 'content-type': 'application/json' }
      const answer = await exchange(url, { method: 'POST', headers, body })
      assert.equal(answer.status, 401, JSON.stringify(body).slice(0, 1000))
      assert.equal((answer.body as { code: string }).code, code)
    }
    try {
      for (let count = 0; count < OVER_HTTP; count += 2) {
        const refreshTokens = [nextRefresh(chance)]
        await post('refresh', { refreshTokens }, 'refresh_token_invalid')
        await post('verify', { accessToken: nextAccess(chance) }, 'access_token_invalid')
      }
      assert.equal(counting.calls() - before, 0)
      assert.equal((await exchange(`${server.url}/health/ready`)).status, 200)
    } finally {
      await server.close()
    }
  })

  it('left the good ones good', async () => {
    for (const accessToken of [...loot.jwt, ...loot.opaque]) {
      assert.equal((await core.verifySession({ accessToken })).kind, 'ok')
    }
    const refreshTokens = [loot.refresh[1] ?? '']
    assert.equal((await core.refreshSession({ refreshTokens })).kind, 'ok')
  })
})
