import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import { COOKIES } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { createPawl } from '../../src/index.ts'

const ORIGIN = 'https://app.example.com'
const HOUR_MS = 3_600_000

/** The `Set-Cookie` line of a cookie. */
function lineOf(headers: Headers, name: string): string {
  const line = headers.getSetCookie().find((one) => one.startsWith(`${name}=`))
  assert.ok(line, `${name} was not set`)
  return line
}

async function opened(): Promise<{ core: EmbeddedCore; pawl: ReturnType<typeof createPawl> }> {
  const core = await embedCore({ store: memoryStore(), secret: generateSecret() })
  return { core, pawl: createPawl({ core, revocationFeed: false, origins: [ORIGIN] }) }
}

const request = (path: string, cookie: string, method = 'POST'): Request =>
  new Request(ORIGIN + path, { method, headers: { cookie, origin: ORIGIN } })

test('without "remember me" the cookies end with the browser, after every refresh too', async () => {
  const { core, pawl } = await opened()
  for (const persistent of [true, false]) {
    const { session, headers } = await pawl.createSession(request('/log-in', ''), {
      ...{ userId: 'ada', persistent },
    })
    const outlives = (from: Headers, name: string): boolean => /Max-Age/.test(lineOf(from, name))
    for (const name of Object.values(COOKIES)) assert.equal(outlives(headers, name), persistent)
    const cookie = Object.values(COOKIES)
      .map((name) => lineOf(headers, name).split(';')[0])
      .join('; ')

    const answer = await pawl.handler(request('/auth/session/refresh', cookie))
    assert.equal(answer?.status, 200)
    for (const name of Object.values(COOKIES)) {
      assert.equal(outlives((answer as Response).headers, name), persistent)
    }
    const info = await core.getSession({ handle: session.handle })
    assert.ok(info.kind === 'ok')
    const idleMs = info.value.idleExpiresAtMs - info.value.createdAtMs
    assert.equal(idleMs, persistent ? 14 * 24 * HOUR_MS : 12 * HOUR_MS)

    const verdict = await pawl.guard(request('/claims', cookie))
    assert.ok(verdict.kind === 'session')
    await verdict.session.replaceClaims({ role: 'editor' })
    assert.equal(outlives(verdict.headers, COOKIES.access), persistent)
  }
  await pawl.close()
  await core.close()
})
