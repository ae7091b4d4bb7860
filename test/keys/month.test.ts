import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId } from '@pawl/core'
import { type EmbeddedCore, embedCore, generateSecret, openKeyAdmin } from '@pawl/embedded'
import { createPawl, type Pawl } from '@pawl/node'
import { type CoreApi, refuse } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { type Browser, browser, REFRESH } from '../../packages/node/test/support/browser.ts'
import { manualSchedule } from '../../packages/node/test/support/test-clock.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const START_MS = 1_800_000_000_000
const APP = 'default' as AppId
/** A core accepts the tokens of a revoked key for 5 s at most, a driver for a minute more. */
const REVOKED_WITHIN_MS = 65_000

/** Two cores on one store, three drivers, and users whose requests go to all of them in turn. */
function openWorld() {
  const store = memoryStore()
  let nowMs = START_MS
  const nowOf = () => nowMs
  const clock = { nowMs: nowOf as never }
  let hasKeyOutage = false
  const cores: EmbeddedCore[] = []

  async function startCore(index: number, secret: readonly string[]): Promise<void> {
    await cores[index]?.close()
    cores[index] = await embedCore({ store, secret, clock, closesStore: false })
  }

  /** What a driver holds: always the core that runs now, and its keys unless there is an outage. */
  function coreOf(index: number): CoreApi {
    const current = () => cores[index] as EmbeddedCore
    return new Proxy({} as CoreApi, {
      get: (_, name: keyof CoreApi) => {
        if (name === 'getKeys' && hasKeyOutage) return async () => refuse('unavailable')
        if (name === 'close') return async () => {}
        return current()[name]
      },
    })
  }

  const drivers: Pawl[] = []
  function startDrivers(): void {
    for (const index of [0, 1, 2]) {
      const core = coreOf(index % 2)
      const { schedule } = manualSchedule()
      drivers.push(createPawl({ core, clock: nowOf, schedule, onFault: () => {} }))
    }
  }

  return {
    store,
    cores,
    drivers,
    startCore,
    startDrivers,
    nowMs: nowOf,
    advance: (ms: number) => {
      nowMs += ms
    },
    setKeyOutage: (value: boolean) => {
      hasKeyOutage = value
    },
    async close() {
      for (const driver of drivers) await driver.close()
      for (const core of cores) await core.close()
      await store.close()
    },
  }
}

type World = ReturnType<typeof openWorld>

interface User {
  readonly jar: Browser
  refreshAtMs: number
}

async function signIn(world: World, userId: string): Promise<User> {
  const driver = world.drivers[0] as Pawl
  const jar = browser(driver)
  const { headers } = await driver.createSession(jar.request('POST', '/login'), { userId })
  jar.keep(headers)
  return { jar, refreshAtMs: world.nowMs() + 12 * MINUTE }
}

/** The same front end, in front of another driver. */
function through(user: User, driver: Pawl): Browser {
  const other = browser(driver)
  for (const [name, value] of user.jar.jar) other.jar.set(name, value)
  return other
}

async function refresh(world: World, user: User, driver: Pawl): Promise<void> {
  const jar = through(user, driver)
  const response = await jar.call(REFRESH)
  assert.equal(response.status, 200, `a refresh was refused: ${await response.text()}`)
  for (const [name, value] of jar.jar) user.jar.jar.set(name, value)
  user.refreshAtMs = world.nowMs() + 12 * MINUTE
}

async function statusOf(user: User, driver: Pawl): Promise<number> {
  const result = await driver.guard(through(user, driver).request('GET', '/me'))
  return result.kind === 'refused' ? result.response.status : 200
}

test('a month of turning keys, a new master secret and a key outage refuse nobody', async (t) => {
  const world = openWorld()
  t.after(() => world.close())
  const [old, fresh] = [generateSecret(), generateSecret()]
  await world.startCore(0, [old])
  await world.startCore(1, [old])
  world.startDrivers()
  const users = await Promise.all(['ann', 'bob', 'cleo'].map((name) => signIn(world, name)))
  const plan: { readonly atMs: number; readonly run: () => Promise<void> }[] = [
    { atMs: 9 * DAY, run: () => world.startCore(0, [old, fresh]) },
    { atMs: 9 * DAY + MINUTE, run: () => world.startCore(1, [old, fresh]) },
    { atMs: 10 * DAY, run: () => world.startCore(0, [fresh, old]) },
    { atMs: 10 * DAY + MINUTE, run: () => world.startCore(1, [fresh, old]) },
    {
      atMs: 11 * DAY,
      run: async () => void (await openKeyAdmin(world.store, [fresh, old]).rewrap()),
    },
    // Outages of ten minutes while the key turns, which it does every seven days.
    { atMs: 14 * DAY - 5 * MINUTE, run: async () => world.setKeyOutage(true) },
    { atMs: 14 * DAY + 5 * MINUTE, run: async () => world.setKeyOutage(false) },
    { atMs: 26 * DAY, run: () => world.startCore(0, [fresh]) },
    { atMs: 26 * DAY + MINUTE, run: () => world.startCore(1, [fresh]) },
  ]
  const kids = new Set<string>()
  let requests = 0
  let refreshes = 0
  for (let step = 0; world.nowMs() < START_MS + 30 * DAY; step++) {
    world.advance(6 * MINUTE)
    while (plan[0] !== undefined && START_MS + plan[0].atMs <= world.nowMs()) {
      await plan.shift()?.run()
    }
    for (const [index, user] of users.entries()) {
      const driver = world.drivers[(step + index) % 3] as Pawl
      if (world.nowMs() >= user.refreshAtMs) {
        await refresh(world, user, driver)
        refreshes++
      }
      assert.equal(await statusOf(user, driver), 200, `refused on day ${dayOf(world)}`)
      requests++
    }
    if (step % 240 === 0) for (const key of await currentKeys(world)) kids.add(key)
  }
  assert.ok(kids.size >= 5, `keys turned: ${kids.size}`)
  t.diagnostic(`${requests} requests, ${refreshes} refreshes, ${kids.size} keys, 0 refused`)
})

test('a revoked key is refused everywhere within its bound, and sessions live on', async (t) => {
  const world = openWorld()
  t.after(() => world.close())
  const secret = [generateSecret()]
  await world.startCore(0, secret)
  await world.startCore(1, secret)
  world.startDrivers()
  const user = await signIn(world, 'ann')
  for (const driver of world.drivers) assert.equal(await statusOf(user, driver), 200)
  const [kid = ''] = await currentKeys(world)
  assert.equal(await openKeyAdmin(world.store, secret).revoke(APP, kid), 'revoked')
  world.advance(REVOKED_WITHIN_MS)
  for (const core of world.cores) {
    const accessToken = user.jar.jar.get('__Host-pawl-at') ?? ''
    const answer = await core.verifySession({ accessToken })
    assert.equal(answer.kind === 'refused' && answer.code, 'access_token_invalid')
  }
  for (const driver of world.drivers) {
    await driver.verify(user.jar.jar.get('__Host-pawl-at') ?? '')
    await new Promise(setImmediate)
    assert.equal(await statusOf(user, driver), 401)
  }
  await refresh(world, user, world.drivers[1] as Pawl)
  for (const driver of world.drivers) assert.equal(await statusOf(user, driver), 200)
})

async function currentKeys(world: World): Promise<readonly string[]> {
  const answer = await (world.cores[0] as EmbeddedCore).getKeys({})
  return answer.kind === 'ok' ? answer.value.keys.map(({ kid }) => kid) : []
}

function dayOf(world: World): number {
  return Math.floor((world.nowMs() - START_MS) / DAY)
}
