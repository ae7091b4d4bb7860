import assert from 'node:assert/strict'
import {
  assertRefused,
  callBackend,
  findSession,
  type LoggedIn,
  logIn,
  newBrowser,
  readToken,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

/** The core's own record, asked on a request. */
async function checkDatabase(world: World): Promise<void> {
  const { browser, handle } = await logIn(world)
  await useWell(browser, '/me/checked')
  const first = browser.jar()
  await refreshWell(browser)
  await useWell(browser, '/me/checked')
  await useWell(browser)
  await refreshWell(browser)
  await useWell(browser, '/me/checked')

  const displaced = newBrowser(world)
  displaced.restore(browser.jar())
  await refreshWell(displaced, 'the branch that will fall behind')
  for (let round = 0; round < 3; round++) {
    await refreshWell(browser, 'the branch that goes on')
    await useWell(browser)
  }
  assertRefused(await displaced.get('/me/checked'), 'any', 'a displaced branch, checked')
  displaced.restore(first)
  assertRefused(await displaced.get('/me/checked'), 'any', 'a token of long ago, checked')
  await useWell(browser, '/me/checked')
  await callBackend(world, 'revoke', { handle })
  assertRefused(await browser.get('/me/checked'), 'unauthorised', 'an ended session, checked')
}

async function tenants(world: World): Promise<void> {
  const made = await world.core.call('PUT', '/recipe/multitenancy/tenant/v2', { tenantId: 'acme' })
  assert.equal(made.status, 200, await made.text())
  const { browser, userId, handle } = await logIn(world, { tenantId: 'acme' })
  const inPublic = await logIn(world, { userId })
  const me = await useWell(browser)
  assert.equal(me.tenantId, 'acme')
  assert.ok(handle.endsWith('_acme'), 'the handle names the tenant')
  assert.equal(readToken(browser.jar().access).claims.tId, 'acme')
  assert.equal((await findSession(world, handle))?.tenantId, 'acme')
  await refreshWell(browser)
  await useWell(browser, '/me/checked')
  const list = (tenantId?: string) => callBackend(world, 'list', { userId, tenantId })
  assert.deepEqual(await list('acme'), [handle])
  assert.deepEqual(await list('public'), [inPublic.handle])
  const everywhere = (await list()) as readonly string[]
  assert.deepEqual([...everywhere].sort(), [handle, inPublic.handle].sort())
  await revokeOfTenant(world, { browser, userId, handle }, inPublic)
  const nowhere = { userId, tenantId: 'no-such-tenant', payload: {}, data: {} }
  const refused = await newBrowser(world).send('POST', '/login', nowhere)
  assert.equal(refused.status, 500, 'no session in a tenant that is not there')
}

async function revokeOfTenant(world: World, here: LoggedIn, outside: LoggedIn): Promise<void> {
  const { userId } = here
  const revoked = await callBackend(world, 'revokeAll', { userId, tenantId: 'acme' })
  // Some majors leave out the word that keeps the revocation to the tenant.
  const isKept = world.app.exchanges.at(-1)?.requestBody.includes('"revokeAcrossAllTenants":false')
  const wanted = isKept ? [here.handle] : [here.handle, outside.handle]
  assert.deepEqual([...(revoked as readonly string[])].sort(), wanted.sort())
  assertRefused(await here.browser.refresh(), 'unauthorised', 'the session of the tenant')
  if (isKept) await refreshWell(outside.browser, 'the session outside the tenant')
}

/** Two apps at one core: neither knows the other's sessions. */
async function apps(world: World): Promise<void> {
  const here = await logIn(world)
  const there = { ...world, app: await world.neighbour() }
  assert.equal((await findSession(there, here.handle)) ?? null, null)
  const stranger = newBrowser(there)
  stranger.restore(here.browser.jar())
  assertRefused(await stranger.refresh(), 'unauthorised', 'a token of another app')
  const elsewhere = await logIn(there)
  assert.equal((await findSession(world, elsewhere.handle)) ?? null, null)
  await refreshWell(here.browser, 'at home')
  const { url } = world.core
  const unknown = await fetch(`${url}/appid-turning/recipe/session?sessionHandle=x`, {
    headers: { 'api-key': 'not-a-key-that-anybody-has' },
  })
  assert.equal(unknown.status, 401)
  assert.equal(await unknown.text(), 'Invalid API key\n')
}

/** Where sessions live: the core's record, tenants, apps. */
export const PLACES: readonly Scenario[] = [
  { column: 'checkDatabase', setup: 'plain', inHeaders: true, play: checkDatabase },
  { column: 'tenants', setup: 'plain', needsTenants: true, play: tenants },
  { column: 'apps', setup: 'turning-keys', play: apps },
]
