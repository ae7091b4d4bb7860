import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from './open-browser.ts'
import { type RunningDemo, runDemo } from './running-demo.ts'
import { isCaught, logIn, makeVisitor, press, type Visitor, waitForText } from './visitor.ts'

const HELLO = /^200 Hello Ada/
/** More presses of Tab than there are things to reach. */
const TABS_MAX = 40

let demo: RunningDemo
let browser: Browser

before(async () => {
  const lives = { PAWL_ACCESS_TTL_SECONDS: '60', PAWL_RACE_WINDOW_MS: '15000' }
  const starting = Promise.all([runDemo(lives), openBrowser()])
  ;[demo, browser] = await starting
})

after(async () => {
  await browser?.close()
  await demo?.stop()
})

async function visit(story: (visitor: Visitor, page: Page) => Promise<void>): Promise<void> {
  const visitor = await makeVisitor(browser, demo)
  const page = await visitor.openTab()
  await logIn(page)
  await story(visitor, page)
  await visitor.leave()
}

async function isLoggedIn(page: Page): Promise<void> {
  assert.equal(await page.locator('#verdict').isVisible(), false)
  assert.equal(await page.locator('#user').textContent(), 'Ada')
}

async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < TABS_MAX; presses++) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab never reached #${id}`)
}

async function callUntilRefreshed(tab: Page): Promise<void> {
  await waitForText(tab, '#entries', /logged in/)
  while ((await tab.locator('#generation').textContent()) === '0') await press(tab, 'call', HELLO)
}

describe('the demo', { concurrency: 2 }, () => {
  describe('a visitor whose access token lives twelve seconds by the clock', () => {
    test('it expires while three tabs call: one refresh, nobody is logged out', async () => {
      const quick = await runDemo({ PAWL_ACCESS_TTL_SECONDS: '12', PAWL_RACE_WINDOW_MS: '3500' })
      const visitor = await makeVisitor(browser, quick)
      try {
        const page = await visitor.openTab()
        await logIn(page)
        const tabs = [page, await visitor.openTab(), await visitor.openTab()]
        const before = visitor.refreshes()
        await Promise.all(tabs.map(callUntilRefreshed))
        assert.equal(visitor.refreshes() - before, 1)
        for (const tab of tabs) await isLoggedIn(tab)
        await visitor.leave()
      } finally {
        await quick.stop()
      }
    })
  })

  describe('an honest visitor', { concurrency: 1 }, () => {
    test('logs in and calls the API five times: nothing is refreshed', async () => {
      await visit(async (visitor, page) => {
        const before = visitor.refreshes()
        for (let call = 0; call < 5; call++) await press(page, 'call', HELLO)
        assert.equal(visitor.refreshes(), before)
        assert.equal(await page.locator('#graph .token').count(), 1)
        await isLoggedIn(page)
      })
    })

    test('calls from three tabs with an expired token: one refresh, no logout', async () => {
      await visit(async (visitor, page) => {
        const tabs = [page, await visitor.openTab(), await visitor.openTab()]
        for (const tab of tabs) await waitForText(tab, '#entries', /logged in/)
        await press(page, 'expire', /^Expired/)
        const before = visitor.refreshes()
        await Promise.all(tabs.map((tab) => press(tab, 'call', HELLO)))
        assert.equal(visitor.refreshes() - before, 1)
        for (const tab of tabs) {
          await tab.locator('#graph .token').nth(1).waitFor()
          assert.equal(await tab.locator('#generation').textContent(), '1')
          await isLoggedIn(tab)
        }
      })
    })

    test('loses the answer to a refresh: the next try works, the tree shows both', async () => {
      await visit(async (_visitor, page) => {
        await press(page, 'drop', /^Armed/)
        await press(page, 'expire', /^Expired/)
        await press(page, 'call', HELLO)
        await page.locator('#graph .token.nobody').waitFor()
        assert.equal(await page.locator('#graph .token.you').count(), 2)
        await waitForText(page, '#entries', /thrown away/)
        await isLoggedIn(page)
        await press(page, 'expire', /^Expired/)
        await press(page, 'call', HELLO)
        assert.equal(await page.locator('#generation').textContent(), '2')
        await isLoggedIn(page)
      })
    })

    test('a second tab shows the same session, and logging out reaches it', async () => {
      await visit(async (visitor, page) => {
        const opened = visitor.context.waitForEvent('page')
        await page.getByRole('button', { name: 'Open a second tab' }).click()
        const second = await opened
        await waitForText(second, '#entries', /logged in/)
        await page.getByRole('button', { name: 'Log out' }).click()
        for (const tab of [page, second]) {
          await tab.getByRole('button', { name: 'Log in', exact: true }).waitFor()
        }
      })
    })

    test('reloads the page: the session and its tree are still there', async () => {
      await visit(async (_visitor, page) => {
        await press(page, 'expire', /^Expired/)
        await press(page, 'call', HELLO)
        await page.reload()
        await page.locator('#graph .token').nth(1).waitFor()
        assert.equal(await page.locator('#user').textContent(), 'Ada')
      })
    })
  })

  describe('a thief with a copy of the refresh token', { concurrency: 1 }, () => {
    for (const { id, name } of [
      { id: 'first', name: 'goes first' },
      { id: 'late', name: 'comes late, after the victim' },
      { id: 'lock-step', name: 'keeps in step behind the victim' },
      { id: 'silent', name: 'stays silent' },
    ]) {
      test(`${name}, and is caught; the page says so`, async () => {
        await visit(async (_visitor, page) => {
          await press(page, 'expire', /^Expired/)
          await press(page, 'call', HELLO)
          await page.getByRole('button', { name: 'Steal the refresh token' }).click()
          await waitForText(page, '#thief-state', /holds your token/)
          await page.locator(`#tactic-${id}`).click()
          await isCaught(page)
        })
      })
    }

    test('plays by hand after the victim moved on: caught, and refused from then on', async () => {
      await visit(async (_visitor, page) => {
        await page.getByRole('button', { name: 'Steal the refresh token' }).click()
        await waitForText(page, '#thief-state', /holds your token/)
        for (let generation = 1; generation <= 3; generation++) {
          await press(page, 'expire', /^Expired/)
          await press(page, 'call', HELLO)
        }
        await page.locator('#thief-refresh').click()
        await isCaught(page)
        await page.locator('#thief-refresh').click()
        await waitForText(page, '#transcript', /401 session_ended/)
        await page.getByRole('button', { name: 'Log in again' }).click()
        await logIn(page)
        await press(page, 'call', HELLO)
        assert.equal(await page.locator('#graph .token').count(), 1)
      })
    })
  })

  describe('any visitor', { concurrency: 1 }, () => {
    test('everything can be done with the keyboard alone', async () => {
      const visitor = await makeVisitor(browser, demo)
      const page = await visitor.openTab()
      await page.locator('#welcome').waitFor()
      await tabTo(page, 'name')
      await page.keyboard.press('Enter')
      await waitForText(page, '#entries', /logged in/)
      await tabTo(page, 'expire')
      await page.keyboard.press('Space')
      await waitForText(page, '#answer', /^Expired/)
      await tabTo(page, 'call')
      await page.keyboard.press('Enter')
      await waitForText(page, '#answer', HELLO)
      await tabTo(page, 'steal')
      await page.keyboard.press('Enter')
      await waitForText(page, '#thief-state', /holds your token/)
      await tabTo(page, 'tactic-lock-step')
      await page.keyboard.press('Enter')
      await isCaught(page)
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'again')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'name')
      await visitor.leave()
    })

    test('it is dark where the system is, until the visitor chooses otherwise', async () => {
      const visitor = await makeVisitor(browser, demo, { colorScheme: 'dark' })
      const page = await visitor.openTab()
      // As painted: Chromium may settle `light-dark()` only with the next frame.
      const paper = () =>
        page.evaluate(async () => {
          await new Promise((painted) =>
            requestAnimationFrame(() => requestAnimationFrame(painted)),
          )
          return getComputedStyle(document.body).backgroundColor
        })
      const dark = await paper()
      await page.getByRole('button', { name: 'Dark theme' }).click()
      const light = await paper()
      assert.notEqual(light, dark)
      await page.reload()
      assert.equal(await paper(), light)
      await visitor.leave()
    })
  })
})
