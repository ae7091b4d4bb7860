import assert from 'node:assert/strict'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { RunningDemo } from './running-demo.ts'

/** One person with one browser: a cookie jar of their own, and all that their tabs sent. */
export interface Visitor {
  readonly context: BrowserContext
  /** Opens the demo in a new tab. */
  readonly openTab: () => Promise<Page>
  /** How many refreshes this browser has sent. */
  readonly refreshes: () => number
  /** Asserts that nothing complained and that nobody but the demo was spoken to; then leaves. */
  readonly leave: () => Promise<void>
}

const TIMEOUT_MS = 15_000
/** What a browser notes about each 401, which is how a session learns that it must refresh. */
const EXPECTED_NOTE = /^Failed to load resource: the server responded with a status of 401/

/** A visitor with an empty jar. Tactics are played fast. */
export async function makeVisitor(
  browser: Browser,
  demo: RunningDemo,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(TIMEOUT_MS)
  const complaints: string[] = []
  const strangers = new Set<string>()
  let refreshes = 0
  context.on('request', (request) => {
    const { origin, pathname } = new URL(request.url())
    if (origin !== demo.pageUrl && origin !== demo.apiUrl) strangers.add(origin)
    if (pathname === '/auth/session/refresh' && request.method() === 'POST') refreshes += 1
  })
  context.on('console', (message) => {
    const isTrouble = message.type() === 'error' || message.type() === 'warning'
    if (isTrouble && !EXPECTED_NOTE.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return {
    context,
    refreshes: () => refreshes,
    async openTab() {
      const page = await context.newPage()
      await page.goto(`${demo.pageUrl}/?pace=30`)
      return page
    },
    async leave() {
      await context.close()
      assert.deepEqual(complaints, [])
      assert.deepEqual([...strangers], [])
    },
  }
}

/** Logs in and waits for the desk. */
export async function logIn(page: Page, name = 'Ada'): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByRole('button', { name: 'Call the API' }).waitFor()
  await waitForText(page, '#entries', /logged in/)
}

/** Waits until an element's text matches. */
export async function waitForText(page: Page, selector: string, text: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor()
}

/** Presses a button and waits for what it answers. */
export async function press(page: Page, id: string, answer: RegExp): Promise<void> {
  await page.locator('#answer').evaluate((element) => {
    element.textContent = ''
  })
  await page.locator(`#${id}`).click()
  await waitForText(page, '#answer', answer)
}

/** Asserts that the page says who was caught, who was logged out, and why. */
export async function isCaught(page: Page): Promise<void> {
  const verdict = page.getByRole('alert').filter({ hasText: 'Theft detected' })
  await verdict.waitFor()
  await waitForText(page, '#verdict-who', /^Logged out: Ada, .* and the thief/)
  await waitForText(page, '#verdict-why', /somebody copied the token/)
  await page.locator('#rows li.theft[aria-current="true"]').waitFor()
  await page.locator('#graph.caught .token.shown').waitFor()
  await waitForText(page, '#thief-state', /locked out/)
  await page.locator('#user').waitFor({ state: 'hidden' })
}
