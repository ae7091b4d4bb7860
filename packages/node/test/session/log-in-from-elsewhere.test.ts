import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CookieOptions, PawlError } from '@pawl/node'
import { openEmbedded } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const setUps: Readonly<Record<string, CookieOptions>> = {
  'cookies of one host': {},
  'cookies of a domain': { domain: 'example.com' },
  'strict cookies': { sameSite: 'strict' },
  'cookies for other sites': { sameSite: 'none' },
}
/** What browsers say of a redirect back from an identity provider, and of a link in a mail. */
const ARRIVALS = [
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
  { 'sec-fetch-site': 'cross-site', origin: 'https://id.example.net' },
]

for (const [name, cookies] of Object.entries(setUps)) {
  test(`with ${name}, a log-in from elsewhere needs the word of the app that it was begun here`, () =>
    withScene(
      openEmbedded,
      async ({ pawl, signIn, events }) => {
        for (const headers of ARRIVALS) {
          const mallory = await signIn('mallory')
          const planted = new Map(mallory.jar)
          const before = events.length
          const arrival = () => mallory.request('GET', '/callback?state=x', headers)
          await assert.rejects(
            pawl.createSession(arrival(), { userId: 'ada' }),
            (error) => error instanceof PawlError && error.code === 'csrf_refused',
          )
          assert.equal(events.length, before)
          const checked = { userId: 'ada', csrf: 'state-checked' } as const
          const { headers: set } = await pawl.createSession(arrival(), checked)
          assert.equal(set.getSetCookie().length, 2)
          const old = [...planted].map(([key, value]) => `${key}=${value}`).join('; ')
          const replayed = mallory.request('GET', '/', { cookie: old })
          assert.equal(await verdictOf(pawl, replayed), 'session_ended')
          mallory.keep(set)
          const { session } = await sessionOf(pawl, mallory.request('GET', '/'))
          assert.equal(session.userId, 'ada')
        }
      },
      { cookies },
    ))
}

test('the word is for log-ins: a guarded route does not know it', () =>
  withScene(
    openEmbedded,
    async ({ pawl, signIn }) => {
      const ada = await signIn()
      const request = ada.request('POST', '/transfer', { 'sec-fetch-site': 'cross-site' })
      const options = { csrf: 'state-checked' } as unknown as { csrf: 'origin' }
      await assert.rejects(verdictOf(pawl, request, options), /csrf: must be/)
      assert.equal(await verdictOf(pawl, request), 'csrf_refused')
    },
    { cookies: { domain: 'example.com' } },
  ))
