import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type EngineName, isChosen } from '../engines/index.ts'
import { openBrowser } from './open-browser.ts'
import { type RunningDemo, runDemo } from './running-demo.ts'
import { isCaught, logIn, makeVisitor, press, waitForText } from './visitor.ts'

/** Beside SQLite, on which the whole tour is taken; `DEMO_ENGINE` takes it on one of these. */
const engines: readonly EngineName[] = ['postgres', 'redis', 'mariadb', 'mongodb']

const HELLO = /^200 Hello Ada/

let browser: Browser

before(async () => {
  browser = await openBrowser()
})
after(() => browser?.close())

for (const engine of engines.filter(isChosen)) {
  describe(`the demo on ${engine}`, () => {
    let demo: RunningDemo

    before(async () => {
      const lives = { PAWL_ACCESS_TTL_SECONDS: '60', PAWL_RACE_WINDOW_MS: '15000' }
      demo = await runDemo(lives, engine)
    })
    after(() => demo?.stop())

    test('log in, lose an answer, get robbed: the thief is caught', async () => {
      const visitor = await makeVisitor(browser, demo)
      const page = await visitor.openTab()
      await logIn(page)
      await press(page, 'drop', /^Armed/)
      await press(page, 'expire', /^Expired/)
      await press(page, 'call', HELLO)
      await page.locator('#graph .token.nobody').waitFor()
      assert.equal(await page.locator('#user').textContent(), 'Ada')
      await page.getByRole('button', { name: 'Steal the refresh token' }).click()
      await waitForText(page, '#thief-state', /holds your token/)
      await page.locator('#tactic-lock-step').click()
      await isCaught(page)
      await visitor.leave()
    })
  })
}
