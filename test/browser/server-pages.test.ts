import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { CookieOptions } from '@pawl/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type CookieApp, openCookieApp } from './cookie-app.ts'
import { openBrowser } from './open-browser.ts'

const HOST = 'app.shop.localhost'
const PROVIDER = 'id.provider.localhost'

const setUps: Readonly<Record<string, CookieOptions>> = {
  'cookies of one host': {},
  'cookies of a domain': { domain: 'shop.localhost' },
  'strict cookies': { sameSite: 'strict' },
  'cookies for other sites': { sameSite: 'none' },
}

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

/** Follows a link on the identity provider's page that leads back to the app. */
async function comeBack(query: string): Promise<number | undefined> {
  await page.goto(app.originOf(PROVIDER))
  const back = `${app.originOf(HOST)}/callback?${query}`
  const arrival = page.waitForResponse((response) => response.url() === back)
  const landing = page.waitForURL(({ hostname }) => hostname === HOST)
  await page.evaluate((to) => {
    location.href = `/consent?to=${encodeURIComponent(to)}`
  }, back)
  await landing
  return (await arrival).status()
}

const shows = (text: string) => page.locator('body', { hasText: text }).waitFor()

describe('pages that a server renders', () => {
  for (const [name, cookies] of Object.entries(setUps)) {
    test(`with ${name}, a redirect from an identity provider logs in`, async () => {
      await app.configure(cookies)
      assert.equal(await comeBack('as=ada'), 403)
      assert.deepEqual(await context.cookies(), [])
      assert.equal(await comeBack('as=ada&checked'), 302)
      await page.goto(`${app.originOf(HOST)}/page`)
      await shows('Hello ada')
    })
  }

  test('with an expired access token, one refresh brings the page; nobody is asked to log in', async () => {
    await app.configure({})
    assert.equal(await comeBack('as=ada&checked'), 302)
    await shows('Hello ada')
    app.expire()
    const before = app.refreshes()
    const first = await page.goto(`${app.originOf(HOST)}/page`)
    assert.equal(first?.status(), 401)
    await shows('Hello ada')
    assert.equal(app.refreshes() - before, 1)
  })

  test('that are refused whatever is refreshed do not go in circles', async () => {
    await app.configure({})
    assert.equal(await comeBack('as=ada&checked'), 302)
    await shows('Hello ada')
    const before = app.refreshes()
    await page.goto(`${app.originOf(HOST)}/refused`)
    await shows('Load it again in a while')
    assert.equal(app.refreshes() - before, 2)
  })

  test('when the session has ended, the page says so once and does not go in circles', async () => {
    await app.configure({})
    assert.equal(await comeBack('as=ada&checked'), 302)
    await shows('Hello ada')
    const jar = await context.cookies()
    await page.goto(app.originOf(HOST))
    assert.equal(await page.evaluate(() => pawlSession.signOut()), 'done')
    await context.addCookies(jar)
    const before = app.refreshes()
    await page.goto(`${app.originOf(HOST)}/page`)
    await shows('Please log in')
    assert.equal(app.refreshes() - before, 1)
    await page.goto(`${app.originOf(HOST)}/page`)
    await shows('Hello stranger')
  })
})
