import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcome, ok, type RequestOf, refuse } from '@pawl/protocol'
import { makeUseReports } from '../../src/session/use-reports.ts'
import { manualSchedule, testClock } from '../support/test-clock.ts'

type Uses = RequestOf<'confirmUses'>['uses']

function setUp() {
  const clock = testClock()
  const timer = manualSchedule()
  const batches: Uses[] = []
  const state: { answer: () => Promise<Outcome<{ confirmed: number }>> } = {
    answer: async () => ok({ confirmed: 0 }),
  }
  const reports = makeUseReports({
    core: {
      confirmUses: ({ uses }) => {
        batches.push(uses)
        return state.answer()
      },
    },
    nowMs: clock.nowMs,
    schedule: timer.schedule,
    raceWindowMs: () => 60_000,
    reportFault: () => {},
  })
  const use = (grantId: string) => ({ grantId, token: `t-${grantId}`, firstSeenAtMs: clock.now })
  return { clock, timer, batches, state, reports, use }
}

test('uses are gathered and sent together, never at the time of use', async () => {
  const { reports, use, batches, timer } = setUp()
  reports.add(use('a'))
  reports.add(use('b'))
  reports.add(use('a'))
  assert.equal(batches.length, 0)
  assert.equal(timer.size, 1)
  timer.run()
  await reports.flush()
  assert.deepEqual(
    batches.map((uses) => uses.map(({ accessToken }) => accessToken)),
    [['t-a', 't-b']],
  )
  reports.add(use('a'))
  assert.equal(timer.size, 0)
})

test('a batch holds at most 256 uses', async () => {
  const { reports, use, batches } = setUp()
  for (let index = 0; index < 600; index += 1) reports.add(use(`g-${index}`))
  await reports.flush()
  assert.deepEqual(
    batches.map((uses) => uses.length),
    [256, 256, 88],
  )
})

test('a use older than half the race window is dropped', async () => {
  const { reports, use, batches, clock } = setUp()
  reports.add(use('old'))
  clock.advance(30_001)
  reports.add(use('new'))
  await reports.flush()
  assert.deepEqual(
    batches.flat().map(({ accessToken }) => accessToken),
    ['t-new'],
  )
})

test('while the core is away uses wait, until they are too old', async () => {
  const { reports, use, batches, clock, state, timer } = setUp()
  state.answer = async () => refuse('unavailable')
  reports.add(use('a'))
  await reports.flush()
  assert.equal(timer.size, 1)
  state.answer = async () => ok({ confirmed: 1 })
  clock.advance(5_000)
  await reports.flush()
  assert.equal(batches.length, 2)
  assert.equal(batches[1]?.[0]?.firstSeenAtMs, clock.now - 5_000)
  await reports.flush()
  assert.equal(batches.length, 2)
})

test('a core that throws is harmless', async () => {
  const { reports, use, state } = setUp()
  state.answer = async () => Promise.reject(new Error('broken'))
  reports.add(use('a'))
  await reports.flush()
})

test('closing sends what waits and leaves no timer', async () => {
  const { reports, use, batches, timer, state } = setUp()
  reports.add(use('a'))
  state.answer = async () => refuse('unavailable')
  await reports.close()
  assert.equal(batches.length, 1)
  assert.equal(timer.size, 0)
})

test('the queue is bounded', async () => {
  const { reports, use, batches } = setUp()
  for (let index = 0; index < 20_000; index += 1) reports.add(use(`g-${index}`))
  await reports.flush()
  assert.equal(batches.flat().length, 8_192)
})
