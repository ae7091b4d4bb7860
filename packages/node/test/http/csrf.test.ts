import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CsrfMode, decideCsrf } from '../../src/http/csrf.ts'

const APP = 'https://app.example.com'
const DEV = 'http://localhost:5173'

interface Row {
  readonly site?: string
  readonly origin?: string
  readonly referer?: string
  readonly header?: true
  readonly host?: string
  readonly mode?: CsrfMode
  readonly cross?: true
  readonly passes: boolean
}

/** Every way a request can say where it comes from, or not say it. */
const TABLE: readonly Row[] = [
  // Fetch Metadata says it.
  { site: 'same-origin', passes: true },
  { site: 'same-origin', origin: APP, passes: true },
  { site: 'same-origin', origin: 'https://other.example.org', passes: true },
  { site: 'same-site', passes: false },
  { site: 'same-site', origin: APP, passes: true },
  { site: 'same-site', origin: DEV, passes: true },
  { site: 'same-site', origin: 'https://evil.example.com', passes: false },
  { site: 'same-site', origin: 'null', passes: false },
  { site: 'same-site', referer: `${APP}/page`, passes: false },
  { site: 'cross-site', passes: false },
  { site: 'cross-site', origin: APP, passes: false },
  { site: 'cross-site', header: true, passes: false },
  { site: 'cross-site', origin: APP, cross: true, passes: true },
  { site: 'cross-site', origin: 'https://evil.test', cross: true, passes: false },
  { site: 'cross-site', cross: true, passes: false },
  { site: 'none', passes: false },
  { site: 'none', origin: APP, passes: false },
  { site: 'none', header: true, passes: false },
  // A value nobody knows counts as absent.
  { site: 'galactic', origin: APP, passes: true },
  { site: 'Same-Origin', passes: false },
  { site: 'same-origin, cross-site', passes: false },
  { site: '', passes: false },
  // Without it the exact origin decides.
  { origin: APP, passes: true },
  { origin: DEV, passes: true },
  { origin: 'null', passes: false },
  { origin: '', passes: false },
  { origin: 'https://evil.test', passes: false },
  { origin: 'https://app.example.com.evil.test', passes: false },
  { origin: 'https://evilapp.example.com', passes: false },
  { origin: 'http://app.example.com', passes: false },
  { origin: 'https://app.example.com:8443', passes: false },
  { origin: 'https://app.example.com/', passes: false },
  { origin: 'HTTPS://APP.EXAMPLE.COM', passes: false },
  { origin: `${APP}, ${APP}`, passes: false },
  { origin: `${APP} https://evil.test`, passes: false },
  { origin: 'https://evil.test', referer: `${APP}/page`, passes: false },
  { origin: 'https://evil.test', header: true, passes: false },
  { origin: 'null', header: true, passes: false },
  // Then the origin of the referer.
  { referer: `${APP}/page?x=1`, passes: true },
  { referer: 'https://evil.test/?https://app.example.com', passes: false },
  { referer: 'https://app.example.com@evil.test/', passes: false },
  { referer: 'not a url', passes: false },
  { referer: 'https://evil.test/', header: true, passes: false },
  // A page of the request's own host is no stranger, over HTTPS; Fetch Metadata knows better.
  { origin: 'https://own.example.com', host: 'own.example.com', passes: true },
  { origin: 'https://own.example.com:8443', host: 'own.example.com:8443', passes: true },
  { referer: 'https://own.example.com/page', host: 'own.example.com', passes: true },
  { origin: APP, host: 'own.example.com', passes: true },
  { origin: 'http://own.example.com', host: 'own.example.com', passes: false },
  { origin: 'https://own.example.com:8443', host: 'own.example.com', passes: false },
  { origin: 'https://own.example.com', host: 'own.example.com:8443', passes: false },
  { origin: 'https://own.example.com.evil.test', host: 'own.example.com', passes: false },
  { origin: 'https://sub.own.example.com', host: 'own.example.com', passes: false },
  { origin: 'https://evil.test', referer: 'https://own.test/', host: 'own.test', passes: false },
  { origin: 'https://', host: '', passes: false },
  { origin: 'null', host: 'null', passes: false },
  { site: 'cross-site', origin: 'https://own.test', host: 'own.test', passes: false },
  { site: 'same-site', origin: 'https://own.test', host: 'own.test', passes: false },
  // Then only a header that no foreign page can send without an Origin.
  { passes: false },
  { header: true, passes: true },
  // The stricter mode wants the header always.
  { mode: 'origin-and-header', site: 'same-origin', passes: false },
  { mode: 'origin-and-header', site: 'same-origin', header: true, passes: true },
  { mode: 'origin-and-header', site: 'cross-site', header: true, passes: false },
  { mode: 'origin-and-header', origin: APP, passes: false },
  { mode: 'origin-and-header', origin: APP, header: true, passes: true },
  // And off is off.
  { mode: 'dangerously-off', site: 'cross-site', origin: 'https://evil.test', passes: true },
]

for (const row of TABLE) {
  const { passes, mode = 'origin', cross = false, site, origin, referer, header, host } = row
  test(`CSRF: ${JSON.stringify(row)}`, () => {
    const sent = new Map<string, string>()
    if (site !== undefined) sent.set('sec-fetch-site', site)
    if (origin !== undefined) sent.set('origin', origin)
    if (referer !== undefined) sent.set('referer', referer)
    if (host !== undefined) sent.set('host', host)
    if (header) sent.set('pawl-transport', 'cookie')
    const headers = { get: (name: string) => sent.get(name) ?? null }
    const policy = { mode, origins: new Set([APP, DEV]), allowCrossSite: cross }
    assert.equal(decideCsrf({ headers }, policy).kind, passes ? 'allowed' : 'refused')
  })
}

test('the CSRF table has at least 40 rows', () => assert.ok(TABLE.length >= 40))

test('a refusal says what was amiss, so that an honest front end can be listed', () => {
  const policy = { mode: 'origin', origins: new Set([APP]), allowCrossSite: false } as const
  const why = (headers: Record<string, string>) => {
    const decision = decideCsrf({ headers: new Headers(headers) }, policy)
    return decision.kind === 'refused' ? decision.why : ''
  }
  assert.match(
    why({ origin: DEV }),
    /its origin "http:\/\/localhost:5173" is not listed in origins/,
  )
  assert.match(why({ 'sec-fetch-site': 'same-site' }), /does not tell its origin/)
  assert.match(why({ 'sec-fetch-site': 'cross-site', origin: APP }), /SameSite=None/)
  assert.ok(why({ origin: `https://${'a'.repeat(9_000)}.test` }).length < 400)
})
