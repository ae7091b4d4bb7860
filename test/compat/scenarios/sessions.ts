import assert from 'node:assert/strict'
import {
  assertRefused,
  callBackend,
  findSession,
  logIn,
  newUserId,
  readToken,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

async function revoke(world: World): Promise<void> {
  for (const path of ['/auth/signout', '/me/sign-out']) {
    const { browser, handle } = await logIn(world)
    const before = browser.jar()
    const out = await browser.send('POST', path)
    assert.equal(out.status, 200, `${path}: ${JSON.stringify(out.body)}`)
    assert.ok(out.clearedRefresh, `${path} takes the tokens back`)
    assert.equal(await findSession(world, handle), null)
    browser.restore(before)
    assertRefused(await browser.refresh(), 'unauthorised', 'a refresh after the end')
    browser.restore(before)
    assertRefused(await browser.get('/me/checked'), 'any', 'checked after the end')
  }
  const one = await logIn(world)
  assert.equal(await callBackend(world, 'revoke', { handle: one.handle }), true)
  assert.equal(await callBackend(world, 'revoke', { handle: one.handle }), false)
  assertRefused(await one.browser.refresh(), 'unauthorised', 'a refresh after the end')
  await revokeAll(world)
}

async function revokeAll(world: World): Promise<void> {
  const userId = newUserId()
  const sessions = [
    await logIn(world, { userId }),
    await logIn(world, { userId }),
    await logIn(world, { userId }),
  ]
  const other = await logIn(world)
  const handles = sessions.map(({ handle }) => handle)
  assert.deepEqual(sorted(await callBackend(world, 'list', { userId })), sorted(handles))
  const [first = '', ...others] = handles
  const revoked = await callBackend(world, 'revokeMany', { handles: [first, NOBODY] })
  assert.deepEqual(revoked, [first], 'unknown handles are left out')
  assert.deepEqual(sorted(await callBackend(world, 'revokeAll', { userId })), sorted(others))
  assert.deepEqual(await callBackend(world, 'list', { userId }), [])
  for (const { browser } of sessions) assertRefused(await browser.refresh(), 'any', 'all ended')
  await refreshWell(other.browser, 'another user')
}

function sorted(handles: unknown): readonly string[] {
  assert.ok(Array.isArray(handles), `a list of handles: ${JSON.stringify(handles)}`)
  return handles.map(String).sort()
}

async function claims(world: World): Promise<void> {
  const { browser, handle } = await logIn(world, { payload: { role: 'guest', trial: true } })
  const merged = await browser.send('POST', '/me/claims', {
    claims: { role: 'owner', trial: null },
  })
  assert.equal(merged.status, 200, JSON.stringify(merged.body))
  assert.ok(merged.broughtAccess, 'new claims bring a new token at once')
  assertPayload(await useWell(browser), { role: 'owner' }, ['trial'])
  await refreshWell(browser)
  assertPayload(await useWell(browser), { role: 'owner' }, ['trial'])
  const byHandle = { handle, claims: { plan: 'gold', deep: { a: [null, 1] } } }
  assert.equal(await callBackend(world, 'mergeClaims', byHandle), true)
  assertPayload(await findSession(world, handle), { role: 'owner', plan: 'gold' }, [])
  await refreshWell(browser)
  assertPayload(await useWell(browser), { role: 'owner', plan: 'gold', deep: { a: [null, 1] } }, [])
  await callBackend(world, 'mergeClaims', { handle, claims: { plan: null } })
  await refreshWell(browser)
  assertPayload(await useWell(browser), { role: 'owner' }, ['plan'])
  const nobody = await callBackend(world, 'mergeClaims', { handle: NOBODY, claims: { a: 1 } })
  assert.equal(nobody, false, 'no session, no claims')
}

function assertPayload(
  of: Readonly<Record<string, unknown>> | null,
  has: object,
  hasNot: readonly string[],
): void {
  assert.partialDeepStrictEqual(of?.payload, has)
  for (const name of hasNot) {
    assert.ok(!Object.hasOwn(of?.payload as object, name), `${name} is gone`)
  }
}

/** A token issued anew keeps its place: its expiry, and what the next refresh makes of it. */
async function regenerate(world: World): Promise<void> {
  const { browser, handle } = await logIn(world)
  for (let round = 0; round < 2; round++) {
    await refreshWell(browser)
    await useWell(browser)
    const before = readToken(browser.jar().access).claims
    const merged = await browser.send('POST', '/me/claims', { claims: { round } })
    assert.equal(merged.status, 200, JSON.stringify(merged.body))
    const after = readToken(browser.jar().access).claims
    assert.equal(after.exp, before.exp, 'the expiry stays')
    assert.equal(after.refreshTokenHash1, before.refreshTokenHash1, 'the lineage stays')
    assert.equal(after.sessionHandle, handle)
    assert.equal(after.round, round)
    await useWell(browser, '/me/checked')
  }
  await refreshWell(browser, 'after a token issued anew')
  await useWell(browser)
  await callBackend(world, 'revoke', { handle })
  const refused = await browser.send('POST', '/me/claims', { claims: { round: 9 } })
  assertRefused(refused, 'unauthorised', 'new claims after the end')
}

async function data(world: World): Promise<void> {
  const { browser, handle } = await logIn(world, { payload: { role: 'a' }, data: { step: 1 } })
  assert.deepEqual(await useWell(browser, '/me/data'), { step: 1 })
  const put = await browser.send('PUT', '/me/data', { data: { step: 2, deep: { text: 'ü"' } } })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  assert.deepEqual(await useWell(browser, '/me/data'), { step: 2, deep: { text: 'ü"' } })
  await refreshWell(browser)
  assert.equal(await callBackend(world, 'setData', { handle, data: { step: 3 } }), true)
  assert.deepEqual(await useWell(browser, '/me/data'), { step: 3 }, 'replaced, not merged')
  assertPayload(await findSession(world, handle), { role: 'a' }, [])
  const nobody = await callBackend(world, 'setData', { handle: NOBODY, data: {} })
  assert.equal(nobody, false, 'no session, no data')
  await callBackend(world, 'revoke', { handle })
  assertRefused(await browser.get('/me/data'), 'unauthorised', 'data after the end')
}

/** What a backend does with its sessions. */
export const SESSIONS: readonly Scenario[] = [
  { column: 'revoke', setup: 'plain', inHeaders: true, play: revoke },
  { column: 'claims', setup: 'plain', inHeaders: true, play: claims },
  { column: 'regenerate', setup: 'plain', inHeaders: true, play: regenerate },
  { column: 'data', setup: 'plain', inHeaders: true, play: data },
]
