import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PawlError, type RequestLike } from '@pawl/node'
import { refuse } from '@pawl/protocol'
import { type HeaderSink, headersSink } from '../../src/http/header-sink.ts'
import { REFRESH } from '../support/browser.ts'
import { type CoreUnderTest, openEmbedded } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const MINUTE_MS = 60_000

test('what a guard refuses may be repeated; what a call of the route itself is refused may not', async () => {
  const refusal = refuse('access_token_invalid')
  const answers = [
    new PawlError(refusal),
    new PawlError(refusal, { isRepeatable: false }),
    new PawlError(refuse('session_ended'), { isRepeatable: false }),
  ].map((error) => error.toResponse())
  assert.deepEqual(
    answers.map(({ headers }) => headers.get('pawl-error')),
    ['access_token_invalid', null, 'session_ended'],
  )
  for (const { status } of answers) assert.equal(status, 401)
  assert.match((await answers[1]?.text()) ?? '', /"code":"access_token_invalid"/)
  assert.equal('pawl-error' in new PawlError(refusal, { isRepeatable: false }).headers, false)
})

/** A core whose answers to one operation are made by hand. */
const opened =
  (operation: 'replaceClaims' | 'replaceData', change: (under: CoreUnderTest) => void) =>
  async (): Promise<CoreUnderTest> => {
    const under = await openEmbedded()
    if (typeof under.core === 'string') return assert.fail()
    const refused = async () => {
      change(under)
      return refuse('access_token_invalid')
    }
    return { ...under, core: { ...under.core, [operation]: refused } }
  }

test('a route whose call is refused for its token is not run again by the front end', () =>
  withScene(
    opened('replaceData', () => {}),
    async ({ pawl, signIn }) => {
      const alice = await signIn()
      const { session } = await sessionOf(pawl, alice.request('POST', '/buy'))
      await assert.rejects(session.replaceData({}), (error) => {
        assert.ok(error instanceof PawlError)
        assert.equal(error.status, 401)
        return error.toResponse().headers.get('pawl-error') === null
      })
    },
  ))

test('claims are replaced with a token that has expired since the guard looked', () =>
  withScene(openEmbedded, async ({ pawl, signIn, clock }) => {
    const alice = await signIn()
    const { session, headers } = await sessionOf(pawl, alice.request('POST', '/upgrade'))
    clock.advance(16 * MINUTE_MS)
    await session.replaceClaims({ role: 'admin' })
    assert.deepEqual(session.claims, { role: 'admin' })
    assert.deepEqual(headers.getSetCookie(), [])
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'access_token_expired')
    assert.equal((await alice.call(REFRESH)).status, 200)
    const renewed = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual(renewed.session.claims, { role: 'admin' })
  }))

/** A response that a time-out has answered by the second time it is asked. */
function timingOut(headers: Headers): HeaderSink {
  let asked = 0
  const write = (): never => assert.fail('written after the headers had left')
  return {
    ...headersSink(headers),
    set: write,
    setCookie: write,
    vary: write,
    assertOpen: () => {
      asked += 1
      if (asked > 1) throw new Error('headers have left')
    },
  }
}

test('a session whose response was answered by somebody else meanwhile does not stay behind', () =>
  withScene(openEmbedded, async ({ pawl, browser }) => {
    const sink = timingOut(new Headers())
    const started = pawl.createSessionInto(browser.request('POST', '/log-in'), sink, {
      userId: 'alice',
    })
    await assert.rejects(started, /headers have left/)
    assert.deepEqual((await pawl.listSessions('alice')).sessions, [])
  }))

test('a session that ends, or gets claims, after its response has left does so all the same', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    const alice = await signIn()
    const request: RequestLike = alice.request('POST', '/')
    const guarded = async () => {
      const late = timingOut(new Headers())
      const sink = { ...late, set: () => {}, vary: () => {} }
      const verdict = await pawl.guardInto(request, sink)
      return verdict.kind === 'session' ? verdict.session : assert.fail()
    }
    await assert.rejects((await guarded()).replaceClaims({ role: 'late' }), /headers have left/)
    const { session } = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual((await pawl.getSession(session.handle))?.claims, { role: 'late' })
    await (await guarded()).revoke()
    assert.equal(await pawl.getSession(session.handle), undefined)
  }))
