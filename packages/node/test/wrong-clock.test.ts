import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl, type PawlOptions } from '@pawl/node'
import { ok, type RevocationNotices } from '@pawl/protocol'
import { browser } from './support/browser.ts'
import { openEmbedded, openServer } from './support/core-under-test.ts'
import { fakeCore } from './support/fake-core.ts'
import { verdictOf } from './support/open-pawl.ts'
import { packLineage, signer } from './support/signer.ts'
import { manualSchedule, testClock } from './support/test-clock.ts'

const HOUR_MS = 3_600_000
const key = signer()

/** What every driver here has. */
function base(faults: string[]): Partial<PawlOptions> {
  return {
    schedule: manualSchedule().schedule,
    onFault: ({ message }) => faults.push(message),
    origins: ['https://app.example.com'],
  }
}

for (const [where, open] of [
  ['in this process', openEmbedded],
  ['behind HTTP', openServer],
] as const) {
  for (const offMs of [2 * HOUR_MS, -2 * HOUR_MS]) {
    const how = offMs > 0 ? 'ahead' : 'behind'
    test(`a driver 2 h ${how} of its core ${where} takes fresh tokens and refuses old ones`, async () => {
      const under = await open()
      const faults: string[] = []
      const clock = (): number => under.clock.now + offMs
      const pawl = createPawl({ ...base(faults), core: under.core, clock })
      try {
        const user = browser(pawl)
        const made = await pawl.createSession(user.request('POST', '/login'), { userId: 'ada' })
        user.keep(made.headers)
        const request = () => user.request('GET', '/')
        assert.equal(await verdictOf(pawl, request()), 'session')
        under.clock.advance(840_000)
        assert.equal(await verdictOf(pawl, request()), 'session')
        under.clock.advance(60_000)
        assert.equal(await verdictOf(pawl, request()), 'access_token_expired')
        assert.equal(faults.filter((text) => / 7200 s /.test(text)).length, 1)
      } finally {
        await pawl.close()
        await under.close()
      }
    })
  }
}

test("how long ago a log-in was goes by the core's time from the first request on", async () => {
  const under = await openServer()
  const clock = (): number => under.clock.now - 45_000
  const open = () => createPawl({ ...base([]), core: under.core, clock })
  const [first, second] = [open(), open()]
  try {
    const user = browser(first)
    const input = { userId: 'ada', authentication: {} }
    const made = await first.createSession(user.request('POST', '/login'), input)
    user.keep(made.headers)
    assert.equal(made.session.claims.auth_time, under.clock.now / 1000)
    under.clock.advance(620_000)
    const asked = { maxAuthAgeSeconds: 600 }
    const verdict = await verdictOf(second, user.request('GET', '/'), asked)
    assert.equal(verdict, 'insufficient_user_authentication')
    assert.equal(await verdictOf(second, user.request('GET', '/')), 'session')
  } finally {
    await first.close()
    await second.close()
    await under.close()
  }
})

/** A core that signs by a time that is off, and tells it in its feed. */
function coreOff(clock: { readonly now: number }) {
  const at = { offMs: 0, hasFeed: true }
  const waiting = new Set<() => void>()
  const core = fakeCore(
    {
      verifySession: async () => ok({} as never),
      async *followRevocations({ signal }): AsyncGenerator<RevocationNotices> {
        if (!at.hasFeed) throw new Error('no feed')
        while (!signal.aborted) {
          yield { entries: [], cursor: 'c', isEnd: true, asOfMs: clock.now + at.offMs }
          await new Promise<void>((resolve) => {
            waiting.add(resolve)
            signal.addEventListener('abort', () => resolve())
          })
        }
      },
    },
    [key.jwk],
  )
  const token = (): string => {
    const mintedAtMs = clock.now + at.offMs
    const iat = Math.floor(mintedAtMs / 1000)
    return key.token({ iat, exp: iat + 900, lin: packLineage({ mintedAtMs }) })
  }
  /** The feed's next sign of life. */
  async function beat(): Promise<void> {
    for (const resolve of waiting) resolve()
    waiting.clear()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { at, core, token, beat }
}

test('a core whose clock was 2 h ahead is followed there and back: no token of it is refused', async () => {
  const clock = testClock()
  const { at, core, token, beat } = coreOff(clock)
  at.offMs = 2 * HOUR_MS
  const pawl = createPawl({ ...base([]), core, clock: clock.nowMs })
  const codeOf = async (text: string): Promise<string> => {
    const outcome = await pawl.verify(text)
    return outcome.kind === 'ok' ? 'ok' : outcome.code
  }
  assert.equal(await codeOf(token()), 'ok')
  clock.advance(1_000)
  await beat()
  const last = token()
  assert.equal(await codeOf(last), 'ok')
  at.offMs = 0
  await beat()
  assert.equal(await codeOf(token()), 'ok')
  clock.advance(900_000)
  await beat()
  assert.equal(await codeOf(token()), 'ok')
  await pawl.close()
})

test('a driver that cannot learn the time goes by its own clock and waits once at most', async () => {
  const clock = testClock()
  const { at, core, token } = coreOff(clock)
  at.hasFeed = false
  const pawl = createPawl({ ...base([]), core, clock: clock.nowMs })
  const old = token()
  clock.advance(900_000)
  const first = pawl.verify(old)
  assert.ok(first instanceof Promise)
  assert.equal((await first).kind, 'refused')
  assert.ok(!(pawl.verify(old) instanceof Promise))
  await pawl.close()
})

test('a token of a time to come is 503, never invalid: no clock sends anybody to the log-in', async () => {
  const clock = testClock()
  const { at, core, token, beat } = coreOff(clock)
  const pawl = createPawl({ ...base([]), core, clock: clock.nowMs })
  assert.equal((await pawl.verify(token())).kind, 'ok')
  // The machine was suspended: what the monotonic clock has missed, the core has not.
  at.offMs = HOUR_MS
  const fresh = token()
  const early = await pawl.verify(fresh)
  assert.deepEqual(early.kind === 'refused' && [early.code, early.retryAfterSeconds], [
    'unavailable',
    2,
  ])
  clock.advance(1_000)
  await beat()
  assert.equal((await pawl.verify(fresh)).kind, 'ok')
  await pawl.close()
})
