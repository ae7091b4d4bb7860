import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Store } from '@pawl/core'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import type { CoreApi, Grant, Outcome, RequestOf } from '@pawl/protocol'
import { sqliteStore } from '@pawl/store-sqlite'
import { memoryStore } from '@pawl/store-testkit'
import { type ManualClock, manualClock } from '../../packages/embedded/test/manual-clock.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const secret = generateSecret()
let dir: string
before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-lifetimes-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

interface World {
  readonly clock: ManualClock
  readonly cores: readonly [EmbeddedCore, EmbeddedCore]
  readonly close: () => Promise<void>
}

let files = 0
const ENGINES: { readonly [name: string]: () => readonly [Store, Store] } = {
  memory: () => {
    const store = memoryStore()
    return [store, store]
  },
  sqlite: () => {
    const file = path.join(dir, `${++files}.db`)
    return [sqliteStore({ path: file }), sqliteStore({ path: file })]
  },
}

/** Two cores over one database, with one clock. */
async function openWorld(stores: readonly [Store, Store], settings: object = {}): Promise<World> {
  const clock = manualClock()
  const [a, b] = stores
  const open = (store: Store) => embedCore({ store, secret, clock, settings, closesStore: false })
  const cores = [await open(a), await open(b)] as const
  async function close(): Promise<void> {
    await Promise.all(cores.map((core) => core.close()))
    await Promise.all([...new Set(stores)].map((store) => store.close()))
  }
  return { clock, cores, close }
}

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

/** Why a session is refused, or `ok`. */
function reasonIn(outcome: Outcome<unknown>): string {
  return outcome.kind === 'ok' ? 'ok' : (outcome.session?.reason ?? outcome.code)
}

const logIn = async (core: CoreApi, more: object = {}): Promise<Grant> =>
  valueIn(await core.createSession({ userId: 'ada', ...more }))
const refresh = (core: CoreApi, grant: Grant) =>
  core.refreshSession({ refreshTokens: [grant.refreshToken.token] })
const check = (core: CoreApi, grant: Grant) =>
  core.verifySession({ accessToken: grant.accessToken.token, checkStore: true })

/** Where lifetimes may come from: the same three lives, by each way. */
const LIVES = { accessTtlSeconds: 300, idleTimeoutSeconds: 900, absoluteTimeoutSeconds: 43_200 }
const WAYS: {
  readonly [name: string]: {
    readonly settings?: object
    readonly tenant?: object
    readonly request?: Partial<RequestOf<'createSession'>>
  }
} = {
  'of the app': { settings: LIVES },
  'of the tenant': { tenant: LIVES },
  'of the session': { request: LIVES },
  'of the app by level': { settings: { assurance: 'aal3' } },
  'of the tenant by level': { tenant: { assurance: 'aal3' } },
  'of the session by level': { request: { assurance: 'aal3' } },
  'of the session, capped by the tenant': {
    tenant: { assurance: 'aal3' },
    request: { idleTimeoutSeconds: 86_400, absoluteTimeoutSeconds: 86_400 * 30 },
  },
}

for (const [engine, stores] of Object.entries(ENGINES)) {
  describe(`lifetimes on ${engine}`, () => {
    for (const [way, { settings = {}, tenant, request = {} }] of Object.entries(WAYS)) {
      it(`${way}: end to the second, and nothing moves the absolute one`, async () => {
        const world = await openWorld(stores(), settings)
        const [here, there] = world.cores
        if (tenant !== undefined) {
          valueIn(await here.putTenant({ name: 'acme', settings: tenant }))
          await there.reloadApps()
        }
        const more = { ...request, tenant: tenant === undefined ? 'default' : 'acme' }

        // Idle: one second before its end it lives, one after it has ended, at both cores.
        const resting = await logIn(here, more)
        world.clock.advance(LIVES.idleTimeoutSeconds * SECOND_MS - SECOND_MS)
        const woken = valueIn(await refresh(there, resting))
        world.clock.advance(LIVES.idleTimeoutSeconds * SECOND_MS)
        valueIn(await refresh(here, woken))
        const forgotten = await logIn(here, more)
        world.clock.advance(LIVES.idleTimeoutSeconds * SECOND_MS + SECOND_MS)
        assert.equal(reasonIn(await refresh(here, forgotten)), 'idle')
        assert.equal(reasonIn(await refresh(there, forgotten)), 'idle')

        // Absolute: however active, and to the second.
        let grant = await logIn(here, more)
        const endMs = grant.session.createdAtMs + LIVES.absoluteTimeoutSeconds * SECOND_MS
        assert.equal(grant.session.absoluteExpiresAtMs, endMs)
        while (world.clock.nowMs() < endMs - 400 * SECOND_MS) {
          world.clock.advance(300 * SECOND_MS)
          grant = valueIn(await refresh(there, grant))
          assert.equal(grant.session.absoluteExpiresAtMs, endMs)
          assert.ok(grant.refreshToken.expiresAtMs <= endMs)
          assert.ok(grant.accessToken.expiresAtMs <= endMs)
        }
        world.clock.advance(endMs - SECOND_MS - world.clock.nowMs())
        grant = valueIn(await refresh(here, grant))
        valueIn(await check(there, grant))
        world.clock.advance(2 * SECOND_MS)
        for (const core of world.cores) {
          assert.equal(reasonIn(await refresh(core, grant)), 'absolute')
          assert.notEqual(reasonIn(await check(core, grant)), 'ok')
        }
        await world.close()
      })
    }

    it('50 concurrent log-ins through two cores leave three live sessions', async () => {
      for (const policy of ['end-oldest', 'refuse'] as const) {
        const world = await openWorld(stores(), { sessionLimit: { max: 3, policy } })
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => {
            const core = world.cores[index % 2] as EmbeddedCore
            return core.createSession({ userId: 'ada' })
          }),
        )
        const made = answers.flatMap((one) => (one.kind === 'ok' ? [one.value] : []))
        assert.equal(made.length, policy === 'refuse' ? 3 : 50)
        for (const core of world.cores) {
          const { sessions } = valueIn(await core.listSessions({ userId: 'ada' }))
          assert.equal(sessions.length, 3)
        }
        const alive = await Promise.all(made.map((grant) => refresh(world.cores[0], grant)))
        assert.equal(alive.filter(({ kind }) => kind === 'ok').length, 3)
        await world.close()
      }
    })

    it('a clock set back by an hour revives nothing, at this core, the next or after a start', async () => {
      const pair = stores()
      const world = await openWorld(pair, { ...LIVES, accessJitterShare: 0 })
      const idle = await logIn(world.cores[0])
      const absolute = await logIn(world.cores[0], {
        idleTimeoutSeconds: 1_800,
        absoluteTimeoutSeconds: 1_800,
      })
      world.clock.advance(1_801 * SECOND_MS)
      const young = await logIn(world.cores[0])
      const isOver = async (core: CoreApi): Promise<void> => {
        assert.equal(reasonIn(await refresh(core, idle)), 'idle')
        assert.equal(reasonIn(await refresh(core, absolute)), 'absolute')
        for (const grant of [idle, absolute]) {
          assert.equal(reasonIn(await check(core, grant)), 'access_token_expired')
        }
        const { sessions } = valueIn(await core.listSessions({ userId: 'ada' }))
        const handles = sessions.map(({ handle }) => handle)
        assert.ok(handles.includes(young.session.handle))
        assert.equal(handles.includes(absolute.session.handle), false)
        assert.equal(valueIn(await check(core, young)).handle, young.session.handle)
      }
      for (const core of world.cores) await isOver(core)
      world.clock.advance(-HOUR_MS)
      for (const core of world.cores) await isOver(core)
      for (const core of world.cores) await core.close()

      const troubles: string[] = []
      const restarted = await embedCore({
        ...{ store: pair[0], secret, clock: world.clock, settings: LIVES, closesStore: false },
        onTrouble: (error) => troubles.push(String(error)),
      })
      await isOver(restarted)
      assert.match(troubles.join(), /set back by 3600 s/)
      await restarted.close()
      await world.close()
    })
  })
}

describe('a user who is active all day', () => {
  it('is never refused as idle, for every legal pair of idle time and access life', async (test) => {
    let pairs = 0
    for (const accessTtlSeconds of [190, 300, 600, 900, 1_800, 3_600]) {
      for (const idle of [2 * accessTtlSeconds, 2 * accessTtlSeconds + 1, 5 * accessTtlSeconds]) {
        const settings = { accessTtlSeconds, idleTimeoutSeconds: idle }
        const world = await openWorld((ENGINES.memory as () => [Store, Store])(), settings)
        let grant = await logIn(world.cores[0])
        const endMs = world.clock.nowMs() + 24 * HOUR_MS
        for (let turn = 0; world.clock.nowMs() < endMs; turn++) {
          // Refreshes when the access token ends, and up to one access life late.
          const untilMs = grant.accessToken.expiresAtMs - world.clock.nowMs()
          const lateMs = (turn % 3) * 0.45 * accessTtlSeconds * SECOND_MS
          world.clock.advance(Math.round(untilMs + lateMs))
          grant = valueIn(await refresh(world.cores[turn % 2] as EmbeddedCore, grant))
          valueIn(await check(world.cores[0], grant))
        }
        pairs += 1
        await world.close()
      }
    }
    test.diagnostic(`${pairs} pairs, 24 hours each`)
  })
})

describe('the jitter of access tokens', () => {
  it('shortens only, by no more than its share', async () => {
    const pair = (ENGINES.memory as () => [Store, Store])()
    const world = await openWorld(pair, { accessTtlSeconds: 1_000, accessJitterShare: 0.2 })
    const nowMs = world.clock.nowMs()
    const lives = new Set<number>()
    for (let count = 0; count < 200; count++) {
      const { accessToken } = await logIn(world.cores[0])
      lives.add((accessToken.expiresAtMs - nowMs) / SECOND_MS)
    }
    assert.ok(Math.max(...lives) <= 1_000)
    assert.ok(Math.min(...lives) >= 799)
    assert.ok(lives.size > 50)
    await world.close()
  })
})
