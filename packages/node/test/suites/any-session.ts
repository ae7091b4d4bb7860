import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Pawl, PawlError } from '@pawl/node'
import { type Browser, REFRESH } from '../support/browser.ts'
import type { OpenCore } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const ACME = { tenant: 'acme' } as const

/** What back ends do to sessions that are not the request's, over any kind of core. */
export function describeAnySession(name: string, open: OpenCore): void {
  const scene = (title: string, run: Parameters<typeof withScene>[1]) =>
    test(`${name}: ${title}`, () => withScene(open, run))

  scene('any live session can be read by its handle', async ({ pawl, signIn, clock }) => {
    const claims = { role: 'user' }
    const handle = await handleOf(pawl, await signIn('alice', { claims, data: { cart: [1] } }))
    const found = await pawl.getSession(handle)
    assert.deepEqual([found?.userId, found?.claims, found?.data], ['alice', claims, { cart: [1] }])
    assert.equal(found?.createdAtMs, clock.now)
    const elsewhere = await handleOf(pawl, await signIn('alice', ACME))
    assert.equal(await pawl.getSession(elsewhere), undefined)
    assert.equal((await pawl.getSession(elsewhere, ACME))?.tenant, 'acme')
    await pawl.revokeSession(handle)
    assert.equal(await pawl.getSession(handle), undefined)
  })

  scene(
    "another session's new claims: at the store at once, in its token at the next refresh",
    async ({ pawl, signIn }) => {
      const [alice, opaque] = [
        await signIn('alice', { claims: { role: 'admin' } }),
        await signIn('alice', { claims: { role: 'admin' }, accessKind: 'opaque' }),
      ]
      for (const { handle, claims } of (await pawl.listSessions('alice')).sessions) {
        assert.equal(await pawl.replaceClaims(handle, { ...claims, role: 'user' }), true)
      }
      assert.equal(await roleOf(pawl, alice), 'admin')
      assert.equal(await roleOf(pawl, alice, { checkStore: true }), 'user')
      assert.equal(await roleOf(pawl, opaque), 'user')
      const claims = (given: { readonly role?: unknown }) => given.role === 'admin'
      const strict = { checkStore: true, claims }
      assert.equal(await verdictOf(pawl, alice.request('GET', '/'), strict), 'claim_refused')
      assert.equal((await alice.call(REFRESH)).status, 200)
      assert.equal(await roleOf(pawl, alice), 'user')
    },
  )

  scene('claims that cannot be are refused and change nothing', async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { claims: { role: 'user' } })
    const handle = await handleOf(pawl, alice)
    const tooLarge = { text: '\u6f22'.repeat(2_000) }
    await refuses(pawl.replaceClaims(handle, { sub: 'mallory' }), 'claims_reserved')
    await refuses(pawl.replaceClaims(handle, tooLarge), 'token_too_large')
    assert.equal((await alice.call(REFRESH)).status, 200)
    assert.equal(await roleOf(pawl, alice), 'user')
  })

  scene("another session's data is there for its next request", async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { data: { step: 1 } })
    assert.equal(await pawl.replaceData(await handleOf(pawl, alice), { step: 2 }), true)
    const { session } = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual(await session.getData(), { step: 2 })
  })

  scene('a session that has ended takes no claims and no data', async ({ pawl, signIn }) => {
    const handle = await handleOf(pawl, await signIn())
    const elsewhere = await handleOf(pawl, await signIn('alice', ACME))
    await pawl.revokeSession(handle)
    for (const gone of [handle, elsewhere]) {
      assert.equal(await pawl.replaceClaims(gone, { role: 'user' }), false)
      assert.equal(await pawl.replaceData(gone, { step: 2 }), false)
    }
    assert.equal(await pawl.replaceClaims(elsewhere, { role: 'user' }, ACME), true)
    assert.equal(await pawl.replaceData(elsewhere, { step: 2 }, ACME), true)
  })

  scene('a session of a tenant that was not named goes on', async ({ pawl, signIn, told }) => {
    const alice = await signIn('alice', ACME)
    const handle = await handleOf(pawl, alice)
    assert.equal(await pawl.revokeSession(handle), false)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
    assert.ok(!told.some(({ kind }) => kind === 'ended'))
    assert.equal(await pawl.revokeSession(handle, ACME), true)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session_ended')
  })

  scene('a whole tenant ends, and no other', async ({ pawl, signIn, clock }) => {
    const [alice, bob, carol] = [
      await signIn('alice', ACME),
      await signIn('bob', ACME),
      await signIn('carol'),
    ]
    await refuses(pawl.revokeTenant('acmee'), 'tenant_unknown')
    await pawl.revokeTenant('acme')
    clock.advance(1)
    const again = await signIn('alice', ACME)
    const states = await Promise.all([alice, bob, carol, again].map((one) => stateOf(pawl, one)))
    assert.deepEqual(states, ['session_ended', 'session_ended', 'session', 'session'])
    assert.deepEqual((await pawl.listSessions('bob', ACME)).sessions, [])
  })

  scene('what was created up to a time ends', async ({ pawl, signIn, clock }) => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')]
    const createdBeforeMs = clock.now
    clock.advance(1)
    const later = await signIn('alice')
    clock.advance(1)
    await pawl.revokeBefore(createdBeforeMs, { userId: 'alice' })
    const states = () => Promise.all([alice, bob, later].map((one) => stateOf(pawl, one)))
    assert.deepEqual(await states(), ['session_ended', 'session', 'session'])
    await pawl.revokeBefore(createdBeforeMs, { tenant: 'default' })
    assert.deepEqual(await states(), ['session_ended', 'session_ended', 'session'])
    await pawl.revokeBefore(clock.now + 3_600_000, { userId: 'alice', tenant: 'default' })
    clock.advance(1)
    assert.equal(await stateOf(pawl, later), 'session_ended')
    assert.equal(await stateOf(pawl, await signIn('alice')), 'session')
  })

  scene('a value that is missing ends nothing', async ({ pawl, signIn, told }) => {
    const [alice, bob] = [await signIn('alice'), await signIn('alice', ACME)]
    const missing = undefined as never
    const handle = await handleOf(pawl, alice)
    for (const call of [
      () => pawl.revokeAll(missing),
      () => pawl.revokeAll(missing, ACME),
      () => pawl.revokeOthers(missing, handle),
      () => pawl.revokeOthers('alice', missing),
      () => pawl.revokeTenant(missing),
      () => pawl.revokeBefore(missing, { userId: 'alice' }),
      () => pawl.revokeBefore(Date.now(), { userId: missing, ...ACME }),
      () => pawl.revokeBefore(Date.now(), { tenant: missing }),
      () => pawl.revokeBefore(Date.now(), {} as never),
      () => pawl.revokeSession(missing),
    ]) {
      await refuses(call(), 'invalid_request')
    }
    assert.equal(await stateOf(pawl, alice), 'session')
    assert.equal(await stateOf(pawl, bob), 'session')
    assert.ok(!told.some(({ kind }) => kind === 'ended'))
  })
}

async function handleOf(pawl: Pawl, browser: Browser): Promise<string> {
  return (await sessionOf(pawl, browser.request('GET', '/'))).session.handle
}

async function roleOf(pawl: Pawl, browser: Browser, options = {}): Promise<unknown> {
  const result = await pawl.guard(browser.request('GET', '/'), options)
  return result.kind === 'session' ? result.session.claims.role : result.kind
}

/** As the store has it: what a driver remembers or has yet to hear does not count. */
function stateOf(pawl: Pawl, browser: Browser): Promise<string> {
  return verdictOf(pawl, browser.request('GET', '/'), { checkStore: true })
}

function refuses(call: Promise<unknown>, code: string): Promise<void> {
  return assert.rejects(call, (error) => error instanceof PawlError && error.code === code)
}
