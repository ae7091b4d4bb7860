import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotationSettings } from '@pawl/core'
import { embedCore, generateSecret } from '@pawl/embedded'
import { createPawl } from '@pawl/node'
import { type CoreApi, refuse } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { browser, REFRESH, sessionInfo } from '../support/browser.ts'
import { manualSchedule } from '../support/test-clock.ts'

/** What the front end is told at a log-in, at new claims and at a refresh. */
async function told(
  raceWindowMs: number,
  change: (core: CoreApi) => Partial<CoreApi> = () => ({}),
) {
  const core = await embedCore({
    store: memoryStore(),
    secret: generateSecret(),
    settings: { rotation: rotationSettings(raceWindowMs) },
  })
  const pawl = createPawl({
    core: { ...core, ...change(core) },
    revocationFeed: false,
    onFault: () => {},
  })
  const front = browser(pawl)
  try {
    const { session, headers } = await pawl.createSession(front.request('POST', '/log-in'), {
      userId: 'ada',
    })
    front.keep(headers)
    await session.replaceClaims({ role: 'admin' })
    const renewed = sessionInfo(headers)
    const refreshed = await front.call(REFRESH)
    return [renewed, sessionInfo(refreshed.headers)].map((info) => info.w)
  } finally {
    await pawl.close()
    await core.close()
  }
}

test('a front end is told a race window that is not the default one, from the log-in on', async () => {
  assert.deepEqual(await told(20_000), [20_000, 20_000])
  assert.deepEqual(await told(0), [0, 0])
  assert.deepEqual(await told(60_000), [undefined, undefined])
})

test('a race window that is long in coming holds up no tokens, and is told once it is there', async (context) => {
  const settings = { rotation: rotationSettings(20_000) }
  const core = await embedCore({ store: memoryStore(), secret: generateSecret(), settings })
  const late = Promise.withResolvers<void>()
  const getSettings: CoreApi['getSettings'] = async (request) => {
    await late.promise
    return core.getSettings(request)
  }
  const { schedule, run } = manualSchedule()
  const waits: number[] = []
  const pawl = createPawl({
    core: { ...core, getSettings },
    revocationFeed: false,
    schedule: (task, delayMs) => {
      waits.push(delayMs)
      return schedule(task)
    },
  })
  context.after(async () => {
    await pawl.close()
    await core.close()
  })
  const front = browser(pawl)
  const started = pawl.createSession(front.request('POST', '/log-in'), { userId: 'ada' })
  for (let round = 0; round < 1_000 && waits.length === 0; round += 1) {
    await new Promise(setImmediate)
  }
  assert.deepEqual(waits, [1_000])
  run()
  const { headers } = await started
  assert.equal(sessionInfo(headers).w, undefined)
  front.keep(headers)
  late.resolve()
  assert.equal(await pawl.ready(), true)
  assert.equal(sessionInfo((await front.call(REFRESH)).headers).w, 20_000)
  assert.deepEqual(waits, [1_000])
})

test('a race window that is not to be learned is left out, and nobody waits for it', async () => {
  const silent = async () => refuse('unavailable')
  assert.deepEqual(await told(20_000, () => ({ getSettings: silent })), [undefined, undefined])
})
