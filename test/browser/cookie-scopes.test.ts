import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { CookieOptions, FormerCookies } from '@pawl/node'
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core'
import { type CookieApp, openCookieApp } from './cookie-app.ts'
import { openBrowser } from './open-browser.ts'

const HOST = 'app.shop.localhost'
const WIDE = 'shop.localhost'

/** How an app may have its cookies, and under which names and domain a browser then has them. */
const setUps = {
  'of the host alone': { options: {}, jar: ['__Host-pawl', HOST] },
  'of a domain': { options: { domain: WIDE }, jar: ['__Secure-pawl', `.${WIDE}`] },
  'of a narrower domain': { options: { domain: HOST }, jar: ['__Secure-pawl', `.${HOST}`] },
  'that no script can set': { options: { hostHttpPrefix: true }, jar: ['__Host-Http-pawl', HOST] },
  'of a jar for each embedding site': {
    options: { sameSite: 'none', partitioned: true },
    jar: ['__Host-pawl', HOST],
  },
  'of a development host': { options: { dangerouslyAllowHttp: true }, jar: ['pawl', HOST] },
} as const satisfies Record<string, { options: CookieOptions; jar: readonly [string, string] }>
type SetUp = (typeof setUps)[keyof typeof setUps]

/** Names, domains and partitions that change alone and together; the names of some stay. */
const releases = [
  ['of the host alone', 'of a domain'],
  ['of a domain', 'of the host alone'],
  ['of a narrower domain', 'of a domain'],
  ['of a domain', 'of a narrower domain'],
  ['of the host alone', 'of a jar for each embedding site'],
  ['of a jar for each embedding site', 'of the host alone'],
  ['of the host alone', 'that no script can set'],
  ['of a development host', 'of the host alone'],
] as const satisfies readonly (readonly (keyof typeof setUps)[])[]

let browser: Browser
let app: CookieApp
let context: BrowserContext
let page: Page

before(async () => {
  ;[browser, app] = await Promise.all([openBrowser(), openCookieApp()])
})
after(async () => {
  await browser?.close()
  await app?.close()
})
beforeEach(async () => {
  context = await browser.newContext()
  page = await context.newPage()
})
afterEach(() => context.close())

async function release(options: CookieOptions, former?: readonly FormerCookies[]): Promise<void> {
  await app.configure(former === undefined ? options : { ...options, former })
  await page.goto(app.originOf(HOST))
  await page.evaluate(() => pawlSession.ready())
}

const call = (path: string) =>
  page.evaluate(async (url) => {
    const response = await pawlSession.fetch(url, { method: 'POST' })
    return `${response.status} ${await response.text()}`
  }, path)

async function logIn(userId: string): Promise<void> {
  assert.equal(await call(`/log-in?as=${userId}`), '200 {}')
}

/** The cookies of ours that the browser has, without their values. */
async function jar(): Promise<readonly string[]> {
  const isOurs = ({ name }: Cookie) => /-[ar]t$/.test(name)
  const cookies = (await context.cookies()).filter(isOurs)
  return cookies.map(describeCookie).sort()
}

function describeCookie({ name, domain, path, partitionKey }: Cookie): string {
  return `${name} ${domain}${path}${partitionKey === undefined ? '' : ' partitioned'}`
}

function jarOf({ options, jar: [start, domain] }: SetUp): readonly string[] {
  const where = `${domain}/${'partitioned' in options ? ' partitioned' : ''}`
  return [`${start}-at ${where}`, `${start}-rt ${where}`]
}

describe('cookies in a real browser', () => {
  for (const [name, setUp] of Object.entries(setUps)) {
    test(`those ${name} are kept, sent, renewed in place, and cleared without a rest`, async () => {
      await release(setUp.options)
      await logIn('ada')
      assert.deepEqual(await jar(), jarOf(setUp))
      assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
      assert.equal(await call('/me'), '200 ada')
      assert.deepEqual(await jar(), jarOf(setUp))
      assert.equal(await page.evaluate(() => pawlSession.signOut()), 'done')
      assert.deepEqual(await jar(), [])
    })
  }

  for (const [oldName, newName] of releases) {
    test(`a release moves on from those ${oldName} to those ${newName}`, async () => {
      const [old, present] = [setUps[oldName], setUps[newName]]
      await release(old.options)
      await logIn('ada')
      await release(present.options, [old.options])
      const before = app.refreshes()
      await logIn('bob')
      assert.deepEqual(await jar(), jarOf(present))
      assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
      assert.equal(await call('/me'), '200 bob')
      assert.equal(app.refreshes() - before, 1)
      assert.deepEqual(await jar(), jarOf(present))
      assert.equal(await page.evaluate(() => pawlSession.signOut()), 'done')
      assert.deepEqual(await jar(), [])
    })
  }

  test('whoever is signed in when names stay and the domain widens remains so', async () => {
    await release({ domain: HOST })
    await logIn('ada')
    await release({ domain: WIDE }, [{ domain: HOST }])
    assert.equal(await call('/me'), '200 ada')
    assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
    assert.deepEqual(await jar(), jarOf(setUps['of a domain']))
    assert.equal(await call('/me'), '200 ada')
  })

  test('what an older release left under a path is cleared by the first refresh', async () => {
    const names = { access: '__Secure-pawl-at', refresh: '__Secure-pawl-rt' }
    await release({}, [{ path: '/auth', names }])
    const lines = Object.values(names).map((name) => `${name}=old; Path=/auth; Secure; HttpOnly`)
    await call(`/plant?${new URLSearchParams(lines.map((line) => ['line', line]))}`)
    assert.equal((await jar()).length, 2)
    await logIn('ada')
    assert.equal((await jar()).length, 4)
    assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
    assert.deepEqual(await jar(), jarOf(setUps['of the host alone']))
  })

  test('a former set-up that is not listed leaves cookies behind, which harm nobody', async () => {
    await release({ domain: WIDE })
    await logIn('ada')
    await release({})
    const before = app.refreshes()
    await logIn('bob')
    assert.equal((await jar()).length, 4)
    assert.equal(await page.evaluate(() => pawlSession.refresh()), 'done')
    assert.equal(await call('/me'), '200 bob')
    assert.equal(app.refreshes() - before, 1)
  })

  for (const name of [undefined, 'other']) {
    const outcome = name === undefined ? 'evict each other' : 'leave each other alone'
    test(`apps on two ports whose cookies are called ${name ?? 'the same'} ${outcome}`, async () => {
      const other = await openCookieApp()
      try {
        await release({})
        await logIn('ada')
        await other.configure(name === undefined ? {} : { name })
        await page.goto(other.originOf(HOST))
        await page.evaluate(() => pawlSession.ready())
        await logIn('bob')
        assert.equal(await call('/me'), '200 bob')
        await page.goto(app.originOf(HOST))
        assert.match(await call('/me'), name === undefined ? /^401 / : /^200 ada$/)
        assert.equal((await jar()).length, name === undefined ? 0 : 4)
      } finally {
        await other.close()
      }
    })
  }

  test('at a host that the domain does not cover, nothing is kept, and the driver says why', async () => {
    await app.configure({ domain: WIDE })
    await page.goto(app.originOf('other.localhost'))
    await page.evaluate(() => pawlSession.ready())
    await logIn('ada')
    assert.deepEqual(await jar(), [])
    const told = app.faults.filter(({ where }) => where === 'cookies')
    assert.equal(told.length, 1)
    assert.match(
      told[0]?.message ?? '',
      /at "other\.localhost": cookies\.domain is "shop\.localhost"/,
    )
  })
})
