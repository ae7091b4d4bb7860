import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach } from 'node:test'
import type { PawlWebOptions, SessionEvent, WebSession } from '@pawl/web'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { FakeApi } from './fake-api.ts'
import { type PageServer, servePage } from './page-server.ts'

declare global {
  var Pawl: { readonly pawlWeb: (options: PawlWebOptions) => WebSession }
  var pawlSession: WebSession
  var pawlEvents: SessionEvent[]
}

/** The browser profile of the test that runs. */
export let context: BrowserContext
/** The API of the test that runs. */
export let api: FakeApi

/** Where the page of the app is. */
export let app: PageServer

let browser: Browser

before(async () => {
  app = await servePage()
  browser = await chromium.launch({
    executablePath: process.env.PAWL_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-gpu',
    ],
  })
})

after(async () => {
  await browser?.close()
  await app?.close()
})

beforeEach(async () => {
  api = await new FakeApi().listen()
  context = await browser.newContext()
})

afterEach(async () => {
  await context.close()
  await api.close()
})

/** A tab of the app, with a session object; what the page throws fails the test. */
export async function openTab(options: PawlWebOptions = {}): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => assert.fail(error))
  const hash = encodeURIComponent(JSON.stringify({ apiOrigin: api.origin, ...options }))
  await page.goto(`${app.origin}/#${hash}`)
  return page
}

/** Signs somebody in at the API, from the page. */
export async function logIn(page: Page, userId = 'alice'): Promise<void> {
  const status = await page.evaluate(
    async ([url, body]) => (await pawlSession.fetch(url, { method: 'POST', body })).status,
    [`${api.origin}/log-in`, userId] as const,
  )
  assert.equal(status, 200)
}

/** Tabs of one browser, Alice signed in, and all of them know it. */
export async function openSignedIn(count: number, options: PawlWebOptions = {}): Promise<Page[]> {
  const pages = await Promise.all(Array.from({ length: count }, () => openTab(options)))
  for (const page of pages) await page.evaluate(() => pawlSession.ready())
  await logIn(pages[0]!)
  await Promise.all(
    pages.map((page) => page.waitForFunction(() => pawlSession.get().kind === 'active')),
  )
  return pages
}

/** The status of a call of the session, from the page. */
export function callFrom(page: Page, path = '/read'): Promise<number> {
  return page.evaluate(async (url) => (await pawlSession.fetch(url)).status, api.origin + path)
}

/** What the page knows of its session. */
export function kindOf(page: Page): Promise<string> {
  return page.evaluate(() => pawlSession.get().kind)
}

/** The events of one kind that the page was told of. */
export function eventsOf(page: Page, kind: SessionEvent['kind']): Promise<SessionEvent[]> {
  return page.evaluate((wanted) => pawlEvents.filter((event) => event.kind === wanted), kind)
}
