import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REFRESH, SIGN_OUT } from '../support/browser.ts'
import { openEmbedded } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const AT = '__Host-pawl-at'
const RT = '__Host-pawl-rt'
const JUNK = ['junk1', 'junk2', 'junk3', 'junk4', 'junk5']

/** A cookie header with several cookies of one name. */
function cookies(name: string, ...values: readonly (string | undefined)[]): { cookie: string } {
  return { cookie: values.map((value) => `${name}=${value}`).join('; ') }
}

test('a refresh with tokens of two sessions hands over neither, and takes none back', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    const alice = await signIn('alice')
    const mallory = await signIn('mallory')
    assert.equal((await mallory.call(REFRESH)).status, 200)
    for (const both of [
      [alice, mallory],
      [mallory, alice],
    ]) {
      const headers = cookies(RT, ...both.map(({ jar }) => jar.get(RT)))
      const response = await pawl.handler(alice.request('POST', REFRESH, headers))
      assert.equal(response?.status, 401)
      assert.equal(response?.headers.get('pawl-error'), 'sessions_conflict')
      assert.equal(response?.headers.get('pawl-session'), 'none')
      assert.deepEqual(response?.headers.getSetCookie(), [])
    }
    assert.equal((await alice.call(REFRESH)).status, 200)
    const { session } = await sessionOf(pawl, alice.request('GET', '/'))
    assert.equal(session.userId, 'alice')
  }))

test('a log-in ends all sessions whose tokens were presented in conflict', () =>
  withScene(openEmbedded, async ({ pawl, signIn, core }) => {
    assert.ok(typeof core !== 'string')
    const users = [await signIn('alice'), await signIn('mallory')]
    const headers = cookies(RT, ...users.map(({ jar }) => jar.get(RT)))
    await pawl.createSession(users[0]!.request('POST', '/login', headers), { userId: 'alice' })
    for (const user of users) assert.equal((await user.call(REFRESH)).status, 401)
  }))

test('cookies that can be no tokens do not hide one, before or behind it', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    const alice = await signIn()
    const access = alice.jar.get(AT)
    for (const values of [
      [...JUNK, access],
      [access, ...JUNK],
    ]) {
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/', cookies(AT, ...values))),
        'session',
      )
    }
    const headers = cookies(RT, ...JUNK, alice.jar.get(RT))
    assert.equal((await alice.call(REFRESH, headers)).status, 200)
  }))

test('where more tokens came than are looked at, a refused refresh takes none back', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    const alice = await signIn()
    const good = alice.jar.get(RT)
    const planted = JUNK.map((junk) => `${good?.slice(0, 12)}.${junk}`)
    for (const values of [[...planted, good], Array.from({ length: 20 }, (_, i) => `x${i}`)]) {
      const headers = cookies(RT, ...values)
      const response = await pawl.handler(alice.request('POST', REFRESH, headers))
      assert.equal(response?.status, 401)
      assert.deepEqual(response?.headers.getSetCookie(), [])
    }
    assert.equal((await alice.call(REFRESH)).status, 200)
  }))

test('a sign-out and a log-in end the session of an access cookie that is not the first', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    for (const end of ['sign-out', 'log-in']) {
      for (const planted of [['junk'], ['a.b.c', 'd.e.f'], JUNK]) {
        const alice = await signIn()
        const before = cookies(AT, ...planted, alice.jar.get(AT))
        if (end === 'sign-out') {
          const response = await pawl.handler(alice.request('POST', SIGN_OUT, before))
          assert.equal(response?.status, 200)
        } else {
          await pawl.createSession(alice.request('POST', '/login', before), { userId: 'bob' })
        }
        const options = { checkStore: true }
        const verdict = await verdictOf(pawl, alice.request('GET', '/'), options)
        assert.equal(verdict, 'session_ended', `${end} behind ${planted}`)
      }
    }
  }))

test('an access cookie that is good for nothing goes with a refresh that has no token', () =>
  withScene(openEmbedded, async ({ pawl, browser, signIn, clock }) => {
    browser.jar.set(AT, 'junk')
    const optional = { optional: true }
    assert.equal(
      await verdictOf(pawl, browser.request('GET', '/'), optional),
      'access_token_invalid',
    )
    const response = await browser.call(REFRESH)
    assert.equal(response.headers.get('pawl-error'), 'no_session')
    assert.equal(await verdictOf(pawl, browser.request('GET', '/'), optional), 'anonymous')

    const alice = await signIn()
    alice.jar.delete(RT)
    await alice.call(REFRESH)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
    clock.advance(16 * 60_000)
    await alice.call(REFRESH)
    assert.equal(alice.jar.has(AT), false)
  }))
