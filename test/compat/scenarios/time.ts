import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { SHORT_ACCESS_SECONDS, SHORT_REFRESH_SECONDS } from '../setups.ts'
import {
  assertRefused,
  callBackend,
  logIn,
  newBrowser,
  readToken,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

const TRIES_MAX = 40
const POLL_MS = 250
/** Whole seconds are rounded, and clocks are read at different moments. */
const MARGIN_MS = 1_100

function kidOf(token: string): string {
  return String(readToken(token).header.kid)
}

/** Waits until so many seconds after a moment have surely passed, on any clock involved. */
async function waitUntilPast(fromMs: number, seconds: number): Promise<void> {
  const leftMs = fromMs + seconds * 1000 + MARGIN_MS - Date.now()
  if (leftMs > 0) await delay(leftMs)
}

/** Keys turn while a session lives: old tokens stay good, new ones carry the new key. */
async function turningKeys(world: World): Promise<void> {
  const { browser } = await logIn(world)
  const first = kidOf(browser.jar().access)
  let turned = first
  for (let tries = 0; turned === first && tries < TRIES_MAX; tries++) {
    await delay(POLL_MS)
    turned = kidOf((await logIn(world)).browser.jar().access)
  }
  assert.notEqual(turned, first, 'the key has turned')
  assert.match(turned, /^d-/)
  await useWell(browser)
  await useWell(browser, '/me/checked')
  const { url } = world.core
  const answer = await fetch(`${url}/appid-turning/.well-known/jwks.json`)
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=\d+, must-revalidate/)
  const { keys } = (await answer.json()) as { readonly keys: readonly { readonly kid: string }[] }
  const kids = keys.map(({ kid }) => kid)
  assert.ok(kids.includes(first) && kids.includes(turned), 'both keys are published')
  await refreshWell(browser, 'a refresh after the key turned')
  assert.notEqual(kidOf(browser.jar().access), first)
  await useWell(browser)
}

/** An SDK that is told to use keys that do not turn, with sessions of before. */
async function staticKeys(world: World): Promise<void> {
  const { browser } = await logIn(world)
  assert.match(kidOf(browser.jar().access), /^s-/)
  await useWell(browser)
  await refreshWell(browser)
  assert.match(kidOf(browser.jar().access), /^s-/)
  await useWell(browser, '/me/checked')
  // The oldest wire cannot say at a refresh which kind of key is wanted.
  if (world.subject.major === 14) return
  const before = await logIn({ ...world, app: await world.neighbour() })
  const moved = newBrowser(world)
  moved.restore(before.browser.jar())
  assertRefused(await moved.get('/me'), 'tryRefresh', 'a token of the other kind of key')
  await refreshWell(moved, 'the session of before')
  assert.match(kidOf(moved.jar().access), /^s-/)
  await useWell(moved)
}

/** What others verify: tokens of sessions, and tokens that a backend makes, by published keys. */
async function publishedKeys(world: World): Promise<void> {
  const url = new URL('/auth/jwt/jwks.json', world.app.url)
  const { browser, userId } = await logIn(world)
  // The other SDKs hand on RSA keys only, whatever the core publishes.
  const isWhole = world.subject.kind === 'node'
  const all = isWhole ? url : new URL('/.well-known/jwks.json', world.core.url)
  const verified = await jwtVerify(browser.jar().access, createRemoteJWKSet(all))
  assert.equal(verified.payload.sub, userId)
  for (const isStatic of [true, false]) {
    const jwt = await callBackend(world, 'createJwt', { claims: { to: 'a service' }, isStatic })
    // A set of its own each time: the first token of a kind may have brought the key.
    const { payload, protectedHeader } = await jwtVerify(String(jwt), createRemoteJWKSet(url))
    assert.equal(payload.to, 'a service')
    assert.equal(Number(payload.exp) - Number(payload.iat), 60)
    assert.equal(protectedHeader.alg, 'RS256', 'what the SDKs ask for')
  }
}

/** Tokens that live for seconds. */
async function shortLives(world: World): Promise<void> {
  const { browser } = await logIn(world)
  const left = await logIn(world)
  const leftAtMs = Date.now()
  const { iat, exp } = readToken(browser.jar().access).claims
  assert.equal(Number(exp) - Number(iat), SHORT_ACCESS_SECONDS)
  await waitUntilPast(Number(exp) * 1000, 0)
  assertRefused(await browser.get('/me'), 'tryRefresh', 'an expired access token')
  await refreshWell(browser, 'after the access token expired')
  assert.ok(Number(readToken(browser.jar().access).claims.exp) > Number(exp))
  await waitUntilPast(leftAtMs, SHORT_REFRESH_SECONDS)
  assertRefused(await left.browser.refresh(), 'unauthorised', 'a session that was left alone')
}

/** What time does to keys and tokens. */
export const TIME: readonly Scenario[] = [
  { column: 'turning keys', setup: 'turning-keys', play: turningKeys },
  { column: 'static keys', setup: 'static-keys', play: staticKeys },
  { column: 'published keys', setup: 'plain', play: publishedKeys },
  { column: 'short lives', setup: 'short-lives', play: shortLives },
]
