import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  api,
  app,
  callFrom,
  context,
  eventsOf,
  kindOf,
  logIn,
  openSignedIn,
  openTab,
} from './tabs.ts'

const REFRESH = '/auth/session/refresh'
const SIGN_OUT = '/auth/session/sign-out'

describe('five tabs', { timeout: 60_000 }, () => {
  it('refresh exactly once per expiry, and nobody is logged out', async () => {
    const pages = await openSignedIn(5)
    const first = api.countOf(REFRESH)
    for (let round = 1; round <= 10; round += 1) {
      api.sessions.expireNow()
      const statuses = await Promise.all(pages.flatMap((page) => [callFrom(page), callFrom(page)]))
      assert.deepEqual(new Set(statuses), new Set([200]))
      assert.equal(api.countOf(REFRESH) - first, round)
    }
    for (const page of pages) {
      assert.equal(await kindOf(page), 'active')
      assert.deepEqual(await eventsOf(page, 'ended'), [])
    }
    assert.equal(api.sessions.thefts, 0)
  })

  it('without Web Locks lose nothing either', async () => {
    await context.addInitScript(() =>
      Object.defineProperty(navigator, 'locks', { value: undefined }),
    )
    const pages = await openSignedIn(3)
    for (let round = 1; round <= 3; round += 1) {
      api.sessions.expireNow()
      const statuses = await Promise.all(pages.map((page) => callFrom(page)))
      assert.deepEqual(new Set(statuses), new Set([200]))
    }
    assert.equal(api.sessions.thefts, 0)
  })
})

describe('trouble', { timeout: 60_000 }, () => {
  it('by a lost answer is healed before the caller notices', async () => {
    const [page] = await openSignedIn(1)
    api.moods.push('spoil the answer')
    api.sessions.expireNow()
    assert.equal(await callFrom(page!), 200)
    assert.equal(api.sessions.refreshes.length, 2)
    assert.equal((await eventsOf(page!, 'trouble')).length, 1)
    assert.equal(api.sessions.thefts, 0)
  })

  it('by an overloaded API rejects the call, and ends nothing', async () => {
    const [page] = await openSignedIn(1)
    api.moods.push('unavailable')
    api.sessions.expireNow()
    const code = await page!.evaluate(
      (url) => pawlSession.fetch(url).catch((error) => error.code),
      `${api.origin}/read`,
    )
    assert.equal(code, 'trouble')
    assert.equal(await kindOf(page!), 'active')
    await page!.evaluate(() => pawlSession.ready())
  })

  it('at the first contact is written on the console', async () => {
    api.moods.push('unavailable')
    const page = await context.newPage()
    const warning = page.waitForEvent('console', (message) => message.type() === 'warning')
    const hash = encodeURIComponent(JSON.stringify({ apiOrigin: api.origin }))
    await page.goto(`${app.origin}/#${hash}`)
    const [, trouble] = (await warning).args()
    assert.equal((await trouble!.jsonValue()).status, 503)
  })

  it('by a tab that dies with the lock holds nobody up', async () => {
    const pages = await openSignedIn(3)
    const [dying, ...others] = pages
    const gate = Promise.withResolvers<void>()
    api.gate = gate.promise
    api.sessions.expireNow()
    const lost = callFrom(dying!).catch(() => 'died')
    const before = api.sessions.refreshes.length
    await api.until(() => api.sessions.refreshes.length > before)
    const calls = others.map((page) => callFrom(page))
    await dying!.close()
    assert.equal(await lost, 'died')
    await api.until(() => api.sessions.refreshes.length > before + 1)
    gate.resolve()
    assert.deepEqual(await Promise.all(calls), [200, 200])
    assert.equal(api.sessions.thefts, 0)
  })
})

describe('sign-out', { timeout: 60_000 }, () => {
  it('reaches all tabs and the API, and may be repeated', async () => {
    const [one, two] = await openSignedIn(2)
    api.sessions.expireNow()
    assert.equal(await one!.evaluate(() => pawlSession.signOut()), 'done')
    assert.equal(await one!.evaluate(() => pawlSession.signOut()), 'done')
    await two!.waitForFunction(() => pawlSession.get().kind === 'none')
    const [ended] = await eventsOf(two!, 'ended')
    assert.ok(ended?.kind === 'ended' && ended.reason === 'signed-out')
    assert.equal(api.sessions.isLive('s1'), false)
    assert.equal(await callFrom(two!), 401)
  })

  it('without a network holds at once, and is sent when there is one', async () => {
    const [one, two] = await openSignedIn(2)
    await context.setOffline(true)
    assert.equal(await one!.evaluate(() => pawlSession.signOut()), 'queued')
    await two!.waitForFunction(() => pawlSession.get().kind === 'none')
    assert.equal(api.countOf(SIGN_OUT), 0)
    await context.setOffline(false)
    await api.until(() => api.countOf(SIGN_OUT) > 0)
    assert.equal(api.sessions.isLive('s1'), false)
    assert.equal(await kindOf(one!), 'none')
  })

  it('that was queued does not end the log-in that came first', async () => {
    const [page] = await openSignedIn(1)
    await context.setOffline(true)
    await page!.evaluate(() => pawlSession.signOut())
    await page!.close()
    await context.setOffline(false)
    // A log-in that no script saw: the cookies come from elsewhere.
    const grant = api.sessions.logIn('bob')
    const cookies = [
      ['__Host-pawl-at', grant.accessToken],
      ['__Host-pawl-rt', grant.refreshToken],
    ].map(([name = '', value = '']) => ({
      ...{ name, value, domain: '127.0.0.1', path: '/', secure: true },
    }))
    await context.addCookies(cookies)
    const next = await openTab()
    await next.waitForFunction(() => pawlSession.get().kind === 'active')
    assert.ok(api.sessions.isLive(grant.header.handle))
    assert.equal(api.countOf(SIGN_OUT), 0)
  })
})

describe('another user in the same jar', { timeout: 60_000 }, () => {
  it('is noticed by the other tabs', async () => {
    const [one, two] = await openSignedIn(2)
    await logIn(two!, 'bob')
    await one!.waitForFunction(() => pawlEvents.some(({ kind }) => kind === 'user-changed'))
    const [changed] = await eventsOf(one!, 'user-changed')
    assert.ok(changed?.kind === 'user-changed' && changed.to.userId === 'bob')
    assert.equal((await one!.evaluate(() => pawlSession.require())).userId, 'bob')
  })
})

describe('header transport', { timeout: 60_000 }, () => {
  const options = { transport: 'header', persist: 'local' } as const

  it('shares one session and one refresh between the tabs', async () => {
    const pages = await openSignedIn(3, options)
    for (let round = 1; round <= 3; round += 1) {
      api.sessions.expireNow()
      const statuses = await Promise.all(pages.map((page) => callFrom(page)))
      assert.deepEqual(statuses, [200, 200, 200])
    }
    assert.equal(api.sessions.thefts, 0)
    assert.equal(pages.length, 3)
    assert.deepEqual(await context.cookies(), [])
  })

  it('in memory leaves nothing in any storage, and each tab has its own session', async () => {
    const page = await openTab({ transport: 'header' })
    await logIn(page)
    assert.equal(await callFrom(page), 200)
    assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage })), '{}')
    const other = await openTab({ transport: 'header' })
    assert.equal(await kindOf(other), 'none')
  })

  it('that was given up for another leaves no token behind', async () => {
    const [page] = await openSignedIn(1, options)
    const held = () => page!.evaluate(() => Object.values(localStorage).join())
    assert.match(await held(), /"refresh":/)
    const other = await openTab()
    await other.evaluate(() => pawlSession.ready())
    assert.doesNotMatch(await held(), /"refresh":/)
  })

  it('gives no token to another origin, nor to a look-alike, nor after a redirect', async () => {
    const [page] = await openSignedIn(1, options)
    const before = app.requests.length
    await page!.evaluate((url) => pawlSession.fetch(url), `${app.origin}/other`)
    await page!.evaluate(
      ([from, to]) => pawlSession.fetch(from, { headers: { 'x-to': to } }).catch(() => undefined),
      [`${api.origin}/elsewhere`, `${app.origin}/redirected`] as const,
    )
    const seen = app.requests.slice(before)
    assert.ok(seen.some(({ url }) => url === '/other'))
    for (const { headers } of seen) {
      assert.equal(headers.authorization, undefined)
      assert.equal(headers['pawl-refresh-token'], undefined)
    }
  })
})

describe('a storage that is full', { timeout: 60_000 }, () => {
  it('does not let another tab go on with a token that has been replaced', async () => {
    const pages = await openSignedIn(2, { transport: 'header', persist: 'local' })
    await pages[0]!.evaluate(() => {
      const { setItem } = Storage.prototype
      // No room beside what is there.
      Storage.prototype.setItem = function (key, value) {
        if (this.getItem(key) !== null) throw new DOMException('full', 'QuotaExceededError')
        setItem.call(this, key, value)
      }
    })
    for (const page of [...pages, ...pages]) {
      assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
    }
    const presented = api.sessions.refreshes.map((refresh) => refresh.presented)
    assert.equal(new Set(presented).size, 4)
    assert.equal(api.sessions.thefts, 0)
  })
})

describe('a lock that the browser denies', { timeout: 60_000 }, () => {
  it('keeps no tab from refreshing', async () => {
    await context.addInitScript(() => {
      navigator.locks.request = () => Promise.reject(new DOMException('denied', 'SecurityError'))
    })
    const [page] = await openSignedIn(1)
    api.sessions.expireNow()
    assert.equal(await callFrom(page!), 200)
  })
})
