import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SessionEvent, Store } from '@pawl/core'
import type { CoreApi, ErrorCode, Grant, Outcome } from '@pawl/protocol'
import type { ManualClock } from '../../embedded/test/manual-clock.ts'

/** A core under test, and what the test may do to its surroundings. */
export interface OpenedCore {
  readonly core: CoreApi
  /** The core of the app `shop`. The app `default` has the tenant `acme`. */
  readonly shop: CoreApi
  readonly clock: ManualClock
  readonly store: Store
  readonly events: SessionEvent[]
  readonly close: () => Promise<void>
}

const DAY_MS = 86_400_000
const NOBODY = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The value of a good outcome. */
function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

function refuses(outcome: Outcome<unknown>, code: ErrorCode): void {
  assert.equal(outcome.kind === 'refused' ? outcome.code : 'ok', code)
}

/**
 * What a core does, whatever way it is reached: the same tests for one in the process and for one
 * behind a URL.
 */
export function describeCoreApi(name: string, open: () => Promise<OpenedCore>): void {
  describe(`a core ${name}`, () => {
    let at: OpenedCore
    before(async () => {
      at = await open()
    })
    after(() => at.close())

    const logIn = async (more: object = {}, core = at.core): Promise<Grant> =>
      valueIn(await core.createSession({ userId: 'ada', ...more }))
    const refresh = (grant: Grant, core = at.core) =>
      core.refreshSession({ refreshTokens: [grant.refreshToken.token] })
    const verify = (grant: Grant, checkStore = false) =>
      at.core.verifySession({ accessToken: grant.accessToken.token, checkStore })

    it('starts a session and reads it back', async () => {
      const grant = await logIn({
        userId: 'ключ "1"/../?#',
        tenant: 'acme',
        claims: { role: 'admin', '2': [1, null, { x: 'é' }] },
        data: { cart: [1] },
        device: { ip: '::1' },
      })
      assert.equal(grant.rule, 'created')
      const { handle } = grant.session
      const info = valueIn(await at.core.getSession({ handle, tenant: 'acme' }))
      assert.deepEqual(info, { ...grant.session, data: { cart: [1] }, device: { ip: '::1' } })
      refuses(await at.core.getSession({ handle }), 'session_not_found')
    })

    it('turns a refresh token forward, generation by generation', async () => {
      const first = await logIn()
      const second = valueIn(await refresh(first))
      assert.deepEqual([second.rule, second.lineage.generation], ['current', 1])
      const third = valueIn(await refresh(second))
      assert.deepEqual([third.rule, third.lineage.parent], ['advance', second.lineage.id])
      assert.equal(third.session.handle, first.session.handle)
    })

    it('grants again to the holder of a token whose answer was lost', async () => {
      const first = await logIn()
      const lost = valueIn(await refresh(first))
      at.clock.advance(DAY_MS)
      const again = valueIn(await refresh(first))
      assert.equal(again.rule, 'current')
      assert.notEqual(again.refreshToken.token, lost.refreshToken.token)
    })

    it('ends the session when a superseded token comes back, and says whose it was', async () => {
      const first = await logIn()
      const second = valueIn(await refresh(first))
      const third = valueIn(await refresh(second))
      at.clock.advance(120_000)
      const fourth = valueIn(await refresh(third))
      const stolen = await refresh(first)
      refuses(stolen, 'token_theft')
      assert.deepEqual(stolen.kind === 'refused' && stolen.session, {
        ...{ handle: first.session.handle, userId: 'ada', tenant: 'default', reason: 'theft' },
      })
      refuses(await refresh(fourth), 'session_ended')
      refuses(await verify(fourth, true), 'session_ended')
      const kinds = at.events.filter(({ handle }) => handle === first.session.handle)
      assert.deepEqual(
        kinds.slice(-2).map(({ kind }) => kind),
        ['theft', 'ended'],
      )
    })

    it('tries every token of a crowded cookie jar before it calls anything theft', async () => {
      const first = await logIn()
      const second = valueIn(await refresh(first))
      const third = valueIn(await refresh(second))
      at.clock.advance(120_000)
      const refreshTokens = [first, third, second].map(({ refreshToken }) => refreshToken.token)
      valueIn(await at.core.refreshSession({ refreshTokens }))
    })

    it('refuses tokens it never made without touching anything', async () => {
      const forged = { refreshTokens: ['pawl_rt1.x.y.z', 'garbage'] }
      refuses(await at.core.refreshSession(forged), 'refresh_token_invalid')
      refuses(await at.core.verifySession({ accessToken: 'a.b.c' }), 'access_token_invalid')
      const { handles } = valueIn(await at.core.signOut(forged))
      assert.deepEqual(handles, [])
    })

    it('verifies access tokens until they expire', async () => {
      const grant = await logIn({ claims: { role: 'admin' }, accessTtlSeconds: 300 })
      const verified = valueIn(await verify(grant, true))
      assert.equal(verified.handle, grant.session.handle)
      assert.deepEqual(verified.claims, { role: 'admin' })
      at.clock.advance(300_000)
      refuses(await verify(grant), 'access_token_expired')
    })

    it('confirms a grant by its settled use, once', async () => {
      const first = await logIn()
      const second = valueIn(await refresh(first))
      const use = () => ({
        accessToken: second.accessToken.token,
        firstSeenAtMs: at.clock.nowMs(),
      })
      assert.equal(valueIn(await at.core.confirmUses({ uses: [use()] })).confirmed, 0)
      at.clock.advance(150_000)
      assert.equal(valueIn(await at.core.confirmUses({ uses: [use()] })).confirmed, 1)
      assert.equal(valueIn(await at.core.confirmUses({ uses: [use()] })).confirmed, 0)
      assert.equal(valueIn(await refresh(second)).rule, 'current')
    })

    it('replaces claims and hands out the new access token at once', async () => {
      const grant = await logIn({ claims: { role: 'user' } })
      const { handle } = grant.session
      const claims = { role: 'admin' }
      const accessToken = grant.accessToken.token
      const answer = valueIn(await at.core.replaceClaims({ handle, claims, accessToken }))
      const token = answer.accessToken?.token ?? ''
      const verified = valueIn(await at.core.verifySession({ accessToken: token }))
      assert.deepEqual(verified.claims, claims)
      assert.equal(verified.lineage.id, grant.lineage.id)
      refuses(await at.core.replaceClaims({ handle, claims: { sub: 'x' } }), 'claims_reserved')
      refuses(await at.core.replaceClaims({ handle: NOBODY, claims }), 'session_not_found')
    })

    it('refuses claims that no access token holds, though none is asked for', async () => {
      const grant = await logIn({ claims: { role: 'user' } })
      const { handle } = grant.session
      // Within the bound of characters, and three bytes each.
      const claims = { text: '\u6f22'.repeat(2_000) }
      refuses(await at.core.replaceClaims({ handle, claims }), 'token_too_large')
      assert.deepEqual(valueIn(await refresh(grant)).session.claims, { role: 'user' })
    })

    it('replaces data', async () => {
      const { handle } = (await logIn()).session
      valueIn(await at.core.replaceData({ handle, data: { step: 2 } }))
      assert.deepEqual(valueIn(await at.core.getSession({ handle })).data, { step: 2 })
      refuses(await at.core.replaceData({ handle: NOBODY, data: {} }), 'session_not_found')
    })

    it('lists the sessions of a user in pages, and never a token', async () => {
      const userId = 'bob & co'
      for (let index = 0; index < 5; index++) {
        await logIn({ userId })
        at.clock.advance(1)
      }
      const first = valueIn(await at.core.listSessions({ userId, limit: 3 }))
      assert.equal(first.sessions.length, 3)
      const rest = valueIn(await at.core.listSessions({ userId, after: first.next ?? '' }))
      assert.equal(rest.sessions.length, 2)
      assert.equal(rest.next, null)
      const all = [...first.sessions, ...rest.sessions]
      assert.equal(new Set(all.map(({ handle }) => handle)).size, 5)
      assert.doesNotMatch(JSON.stringify(all), /pawl_rt|eyJ/)
    })

    it('ends one session, all others of a user, or all before a time', async () => {
      const userId = 'carol'
      const [a, b, c] = [await logIn({ userId }), await logIn({ userId }), await logIn({ userId })]
      const { handle } = a.session
      assert.equal(valueIn(await at.core.revokeSession({ handle })).revoked, true)
      assert.equal(valueIn(await at.core.revokeSession({ handle })).revoked, false)
      refuses(await refresh(a), 'session_ended')
      const except = c.session.handle
      const others = valueIn(await at.core.revokeSessions({ userId, except }))
      assert.deepEqual(others.handles, [b.session.handle])
      valueIn(await refresh(c))
      at.clock.advance(1)
      valueIn(await at.core.revokeSessions({ userId, createdBeforeMs: at.clock.nowMs() }))
      refuses(await refresh(c), 'session_ended')
    })

    it('ends a tenant that is named, and nothing where nothing is named', async () => {
      const [own, other] = [await logIn(), await logIn({ tenant: 'acme' })]
      const createdBeforeMs = at.clock.nowMs()
      const except = own.session.handle
      for (const request of [
        {},
        { createdBeforeMs },
        { userId: undefined },
        { except },
        { tenant: 'default', except },
        { userId: 'ada', except, createdBeforeMs },
      ]) {
        const outcome = await at.core.revokeSessions(request as { userId: string })
        refuses(outcome, 'invalid_request')
      }
      refuses(await at.core.revokeSessions({ tenant: 'acmee' }), 'tenant_unknown')
      refuses(await at.core.listSessions({ userId: 'ada', tenant: 'acmee' }), 'tenant_unknown')
      valueIn(await at.core.revokeSessions({ tenant: 'acme' }))
      refuses(await refresh(other), 'session_ended')
      valueIn(await refresh(own))
    })

    it('ends the session of an earlier login when it is replaced', async () => {
      const before = await logIn()
      await logIn({ replaces: before.session.handle })
      refuses(await refresh(before), 'session_ended')
    })

    it('signs out by any token, an expired one too, and again without complaint', async () => {
      const grant = await logIn()
      at.clock.advance(3_600_000)
      const tokens = { accessToken: grant.accessToken.token }
      assert.deepEqual(valueIn(await at.core.signOut(tokens)).handles, [grant.session.handle])
      assert.deepEqual(valueIn(await at.core.signOut(tokens)).handles, [])
      refuses(await refresh(grant), 'session_ended')
    })

    it('lets a session fall idle and never outlive its end', async () => {
      const idle = await logIn({ idleTimeoutSeconds: 3_600 })
      const kept = await logIn({ idleTimeoutSeconds: 3_600, absoluteTimeoutSeconds: 7_200 })
      at.clock.advance(3_600_000)
      const second = valueIn(await refresh(kept))
      at.clock.advance(1)
      refuses(await refresh(idle), 'session_ended')
      at.clock.advance(3_600_000 - 2)
      valueIn(await refresh(second))
      at.clock.advance(1)
      refuses(await refresh(second), 'session_ended')
    })

    it('refuses a bound session without proof, and is not alarmed', async () => {
      const keyThumbprint = `${'k'.repeat(42)}A`
      const grant = await logIn({ keyThumbprint })
      refuses(await refresh(grant), 'proof_required')
      const refreshTokens = [grant.refreshToken.token]
      valueIn(await at.core.refreshSession({ refreshTokens, provenKey: keyThumbprint }))
    })

    it('names the faulty fields of a request and repeats no value', async () => {
      const request = { userId: '', extra: 'pawl-canary', tenant: 'Not Legal' } as never
      const outcome = await at.core.createSession(request)
      refuses(outcome, 'invalid_request')
      const { detail } = outcome as { detail: string }
      assert.match(detail, /userId: .*tenant: .*extra/)
      assert.doesNotMatch(detail, /canary|Not Legal/)
    })

    it('tells drivers what they need to verify by themselves', async () => {
      const settings = valueIn(await at.core.getSettings({}))
      assert.equal(settings.raceWindowMs, 60_000)
      assert.equal(settings.settlingMs, 150_000)
      const keys = valueIn(await at.core.getKeys({}))
      assert.equal(keys.maxAgeSeconds, 60)
      assert.equal(keys.keys[0]?.alg, 'ES256')
    })

    it('keeps apps apart: tokens and handles of one are nothing to another', async () => {
      const grant = await logIn()
      const { handle } = grant.session
      refuses(await refresh(grant, at.shop), 'refresh_token_invalid')
      const accessToken = grant.accessToken.token
      refuses(await at.shop.verifySession({ accessToken }), 'access_token_invalid')
      refuses(await at.shop.getSession({ handle }), 'session_not_found')
      assert.equal(valueIn(await at.shop.revokeSession({ handle })).revoked, false)
      assert.deepEqual(valueIn(await at.shop.signOut({ accessToken })).handles, [])
      const own = await logIn({}, at.shop)
      valueIn(await refresh(own, at.shop))
      valueIn(await refresh(grant))
    })

    // The last one: it takes the store away.
    it('answers that it is unavailable when the store is gone, never that a session is', async () => {
      const grant = await logIn()
      await at.store.close()
      const outcome = await refresh(grant)
      refuses(outcome, 'unavailable')
      const seconds = outcome.kind === 'refused' ? outcome.retryAfterSeconds : undefined
      assert.ok(seconds !== undefined && seconds >= 1 && seconds <= 5)
      refuses(await verify(grant, true), 'unavailable')
      valueIn(await verify(grant))
    })
  })
}
