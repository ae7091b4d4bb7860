import assert from 'node:assert/strict'
import {
  assertRefused,
  findSession,
  logIn,
  newBrowser,
  readToken,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

async function create(world: World): Promise<void> {
  const payload = { role: 'admin', deep: { list: [1, 'ü', true] } }
  const data = { cart: ['a', { n: 2 }] }
  const { browser, userId, handle } = await logIn(world, { payload, data })
  const me = await useWell(browser)
  assert.equal(me.userId, userId)
  assert.equal(me.handle, handle)
  assert.equal(me.tenantId, 'public')
  assert.partialDeepStrictEqual(me.payload, payload)
  const found = await findSession(world, handle)
  assert.equal(found?.userId, userId)
  assert.deepEqual(found?.data, data)
  assert.partialDeepStrictEqual(found?.payload, payload)
  const { header, claims } = readToken(browser.jar().access)
  assert.equal(header.typ, 'JWT')
  assert.equal(typeof header.version, 'string')
  assert.match(String(header.kid), /^d-/)
  assert.equal(claims.parentRefreshTokenHash1, null, 'a first token has no parent')
  const again = await logIn(world, { userId })
  assert.notEqual(again.handle, handle, 'each log-in is a session of its own')
}

async function verify(world: World): Promise<void> {
  const { browser } = await logIn(world)
  await useWell(browser)
  const mark = world.app.recorder.mark()
  for (let use = 0; use < 3; use++) await useWell(browser)
  assert.equal(world.app.recorder.mark(), mark, 'tokens are verified without asking the core')
  assertRefused(await newBrowser(world).get('/me'), 'unauthorised', 'no token')
  const damaged = newBrowser(world)
  const { access } = browser.jar()
  const at = access.length - 20
  const other = access[at] === 'A' ? 'B' : 'A'
  damaged.restore({ ...browser.jar(), access: access.slice(0, at) + other + access.slice(at + 1) })
  assertRefused(await damaged.get('/me'), 'tryRefresh', 'a token with a broken signature')
}

async function refresh(world: World): Promise<void> {
  const { browser, handle, userId } = await logIn(world, { payload: { role: 'admin' } })
  const { recorder } = world.app
  for (let round = 0; round < 4; round++) {
    await refreshWell(browser, `refresh ${round}`)
    const mark = recorder.mark()
    const first = await browser.get('/me')
    assert.equal(first.status, 200, JSON.stringify(first.body))
    assert.equal(first.body.handle, handle)
    assert.equal(first.body.userId, userId)
    assert.partialDeepStrictEqual(first.body.payload, { role: 'admin' })
    const asked = recorder.countOf('/recipe/session/verify', mark)
    assert.equal(asked, world.rule === 'strict' ? 1 : 0, 'first uses reported to the core')
    assert.equal(first.broughtAccess, world.rule === 'strict', 'a new token for a first use')
    await useWell(browser)
    const askedAgain = recorder.countOf('/recipe/session/verify', mark)
    assert.equal(askedAgain, asked, 'a second use asks nobody')
  }
  assertRefused(await newBrowser(world).refresh(), 'unauthorised', 'no refresh token')
  const stranger = newBrowser(world)
  const token = browser.jar().refresh
  stranger.restore({ ...browser.jar(), refresh: `${token.slice(0, -6)}AAAAAA` })
  assertRefused(await stranger.refresh(), 'unauthorised', 'a damaged refresh token')
  await refreshWell(browser, 'after a damaged token')
}

/** Log in, check, go on. */
export const FIRST_STEPS: readonly Scenario[] = [
  { column: 'create', setup: 'plain', inHeaders: true, play: create },
  { column: 'verify', setup: 'plain', inHeaders: true, play: verify },
  { column: 'refresh', setup: 'plain', inHeaders: true, play: refresh },
]
