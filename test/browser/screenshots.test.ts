import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from './open-browser.ts'
import { runDemo } from './running-demo.ts'
import { logIn, makeVisitor, press, waitForText } from './visitor.ts'

const guideDir = path.resolve(import.meta.dirname, '../../docs/images')
/** The pictures of the guide are replaced on demand; else they are taken, and thrown away. */
const isForGuide = process.env.UPDATE_SCREENSHOTS === '1'

async function refresh(page: Page): Promise<void> {
  await press(page, 'expire', /^Expired/)
  await press(page, 'call', /^200 Hello/)
}

async function shoot(page: Page, file: string): Promise<void> {
  // Off the buttons, so that none of them looks pointed at; then two frames for the last change.
  await page.mouse.move(0, 0)
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  )
  await page.screenshot({ path: `${file}.png` })
}

/** The same visit each time: an accident that ends well, then a theft that does not. */
async function visit(page: Page, imagesDir: string, suffix: string): Promise<void> {
  const fileOf = (state: string) => path.join(imagesDir, `demo-${state}-${suffix}`)
  await page.locator('#welcome').waitFor()
  await shoot(page, fileOf('welcome'))
  await logIn(page)
  await refresh(page)
  await refresh(page)
  await press(page, 'drop', /^Armed/)
  await refresh(page)
  await page.locator('#graph .token.nobody').waitFor()
  await shoot(page, fileOf('session'))
  await page.locator('#steal').click()
  await waitForText(page, '#thief-state', /holds your token/)
  await page.locator('#thief-refresh').click()
  await waitForText(page, '#transcript', /200, generation/)
  await page.locator('#thief-call').click()
  await waitForText(page, '#transcript', /locker code/)
  await refresh(page)
  await shoot(page, fileOf('robbed'))
  await page.locator('#thief-refresh').click()
  await page.locator('#graph .token.thief').nth(1).waitFor()
  await page.evaluate(() => document.querySelector('#answer')?.replaceChildren())
  await page.locator('#expire').click()
  await page.locator('#call').click()
  await page.locator('#graph .token.you').nth(5).waitFor()
  await page.locator('#thief-refresh').click()
  await page.locator('#verdict').waitFor()
  await page.locator('#user').waitFor({ state: 'hidden' })
  await waitForText(page, '#transcript', /401 token_theft/)
  await shoot(page, fileOf('caught'))
}

test('the main states of the demo, light and dark, as pictures for the guide', async () => {
  const imagesDir = isForGuide ? guideDir : await mkdtemp(path.join(tmpdir(), 'pawl-images-'))
  await mkdir(imagesDir, { recursive: true })
  const lives = { PAWL_ACCESS_TTL_SECONDS: '60', PAWL_RACE_WINDOW_MS: '4000' }
  const [demo, browser] = await Promise.all([runDemo(lives), openBrowser()])
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const visitor = await makeVisitor(browser, demo, { colorScheme })
      await visit(await visitor.openTab(), imagesDir, colorScheme)
      await visitor.leave()
    }
  } finally {
    await browser.close()
    await demo.stop()
    if (!isForGuide) await rm(imagesDir, { recursive: true })
  }
})
