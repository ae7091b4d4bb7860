import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS, nameOfCheck, type SmallWorldCheck } from '../src/catalog.ts'
import { runCheck } from '../src/run-check.ts'

/** Long enough for every kind of event to meet every other, short enough for every test run. */
const MOVES = 13

function smallWorlds(expected: SmallWorldCheck['expected']): SmallWorldCheck[] {
  return CHECKS.filter(
    (check): check is SmallWorldCheck =>
      check.kind === 'small-world' && check.expected === expected,
  )
}

test('every check has a name of its own', () => {
  assert.equal(new Set(CHECKS.map(nameOfCheck)).size, CHECKS.length)
})

for (const check of smallWorlds('holds')) {
  const limit = check.group === 'thief' ? MOVES - 2 : MOVES
  test(`our rule holds in the first ${limit} moves of: ${check.world.title}`, () => {
    const report = runCheck(check, limit)
    assert.deepEqual(report.story, null)
    assert.ok(report.rounds <= 3)
  })
}

test('a world of three tabs holds for runs of every length', () => {
  const tabs = smallWorlds('holds').find(({ world }) => world.name === 'tabs')
  assert.ok(tabs)
  const report = runCheck(tabs)
  assert.deepEqual([report.story, report.exhausted], [null, true])
})

for (const check of smallWorlds('caught')) {
  test(`the checker finds what is wrong with: ${check.world.title}`, () => {
    const report = runCheck(check)
    const last = report.story?.at(-1) ?? ''
    const isThief = check.world.thiefTokens > 0
    assert.match(last, isThief ? /The thief is still in/ : /An honest user is logged out/)
  })
}

test('the lock-step thief against a grace rule is told as a story', () => {
  const check = smallWorlds('caught').find(({ world }) => world.name === 'grace-30s-thief')
  assert.ok(check)
  assert.deepEqual(runCheck(check).story, [
    '1. The thief copies the jar: he holds R0',
    '2. The user refreshes with R0 and gets R1 (advance)',
    '3. The thief refreshes with R0 and gets R1 (late)',
    '4. The user refreshes with R1 and gets R2 (advance)',
    '5. The thief refreshes with R1 and gets R2 (late)',
    '6. The user refreshes with R2 and gets R3 (advance). The thief is still in, unseen.',
  ])
})
