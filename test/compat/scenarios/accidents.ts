import assert from 'node:assert/strict'
import {
  assertRefused,
  findSession,
  logIn,
  newBrowser,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

const PARALLEL = 5
const ROUNDS_MAX = 3
const REFRESH = '/recipe/session/refresh'

/** The answer to a refresh never reaches the client, or not even its backend. */
async function lostAnswer(world: World): Promise<void> {
  const { browser } = await logIn(world)
  for (let round = 0; round < 2; round++) {
    const before = browser.jar()
    await refreshWell(browser, 'the refresh whose answer is lost')
    browser.restore(before)
    await refreshWell(browser, 'the same token again')
    await useWell(browser)
  }
  world.app.recorder.loseNext(REFRESH)
  const cut = await browser.refresh()
  assert.notEqual(cut.status, 401, 'a cut connection to the core is no reason to log out')
  if (cut.status !== 200) await refreshWell(browser, 'after a cut connection')
  await useWell(browser)
  await parallelRefreshes(world)
  await fallenBack(world)
}

async function parallelRefreshes(world: World): Promise<void> {
  const { browser } = await logIn(world)
  const tabs = Array.from({ length: PARALLEL }, () => {
    const tab = newBrowser(world)
    tab.restore(browser.jar())
    return tab
  })
  await Promise.all(tabs.map((tab, at) => refreshWell(tab, `parallel refresh ${at}`)))
  const [kept] = tabs
  assert.ok(kept)
  for (let round = 0; round < 2; round++) {
    await useWell(kept)
    await refreshWell(kept, 'after parallel refreshes')
  }
}

/** A browser that crashed comes back with the token before the last. */
async function fallenBack(world: World): Promise<void> {
  const { browser } = await logIn(world)
  const before = browser.jar()
  await refreshWell(browser)
  await useWell(browser)
  await refreshWell(browser)
  browser.restore(before)
  if (world.rule === 'ours') {
    await refreshWell(browser, 'the token before the last, soon after')
    await useWell(browser)
  } else {
    assertRefused(await browser.refresh(), 'theft', 'the strict rule forgives nothing')
  }
}

/** An old token, long after: detected, and the core itself ends the session. */
async function theft(world: World): Promise<void> {
  const { browser, handle } = await logIn(world)
  const thief = newBrowser(world)
  thief.restore(browser.jar())
  for (let round = 0; round < 3; round++) {
    await refreshWell(browser)
    await useWell(browser)
  }
  // The SDK's own answer to a theft is to revoke; the core must not depend on it.
  world.app.recorder.answerNext('/recipe/session/remove', {
    status: 'OK',
    sessionHandlesRevoked: [],
  })
  const caught = await thief.refresh()
  assertRefused(caught, 'theft', 'the stolen token')
  assert.ok(caught.clearedRefresh, 'the tokens are taken back')
  assert.equal(await findSession(world, handle), null, 'the core has ended the session')
  assertRefused(await browser.get('/me/checked'), 'any', 'the victim, checked')
  assertRefused(await browser.refresh(), 'unauthorised', "the victim's refresh")
  await theftInStep(world)
}

/** A thief who goes first and keeps in step with the victim is met within three rounds. */
async function theftInStep(world: World): Promise<void> {
  const { browser, handle } = await logIn(world)
  const thief = newBrowser(world)
  thief.restore(browser.jar())
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const side of [thief, browser]) {
      const answer = await side.refresh()
      if (answer.status === 200) continue
      assertRefused(answer, 'theft', 'the first refusal')
      assert.equal(await findSession(world, handle), null)
      for (const other of [thief, browser]) assertRefused(await other.refresh(), 'any', 'both')
      return
    }
  }
  assert.fail(`a thief kept in step for ${ROUNDS_MAX} rounds`)
}

/** What goes wrong between honest parties, and between others. */
export const ACCIDENTS: readonly Scenario[] = [
  { column: 'lost answer', setup: 'plain', inHeaders: true, play: lostAnswer },
  { column: 'theft', setup: 'plain', inHeaders: true, play: theft },
]
