import assert from 'node:assert/strict'
import { openBrowser } from '../browser.ts'
import {
  assertRefused,
  logIn,
  newBrowser,
  refreshWell,
  type Scenario,
  useWell,
  type World,
} from './scenario.ts'

/** Without protection a request needs no more than its cookie. */
async function csrfNone(world: World): Promise<void> {
  const { browser } = await logIn(world, { sendsRid: false })
  assert.equal((await browser.send('POST', '/me')).status, 200)
  await refreshWell(browser)
  assert.equal((await browser.send('POST', '/me/checked')).status, 200)
}

async function csrfToken(world: World): Promise<void> {
  const { browser } = await logIn(world)
  for (let round = 0; round < 2; round++) {
    const jar = browser.jar()
    assert.notEqual(jar.antiCsrf, '', 'a token against forged requests')
    for (const path of ['/me', '/me/checked']) {
      for (const antiCsrf of ['', 'guessed']) {
        browser.restore({ ...jar, antiCsrf })
        assertRefused(await browser.send('POST', path), 'tryRefresh', `${path}, forged`)
      }
      browser.restore(jar)
      const sent = await browser.send('POST', path)
      assert.equal(sent.status, 200, `${path}: ${JSON.stringify(sent.body)}`)
    }
    browser.restore({ ...jar, antiCsrf: '' })
    await useWell(browser)
    assertRefused(await browser.refresh(), 'any', 'a forged refresh')
    browser.restore({ ...jar, antiCsrf: 'guessed' })
    assertRefused(await browser.refresh(), 'any', 'a refresh with a guess')
    browser.restore(jar)
    await refreshWell(browser, 'the refresh with the token')
    assert.notEqual(browser.jar().antiCsrf, jar.antiCsrf, 'a new one with each refresh')
  }
  const inHeaders = openBrowser({ appUrl: world.app.url, transport: 'header' })
  const login = { userId: 'in-headers', tenantId: 'public', payload: {}, data: {} }
  assert.equal((await inHeaders.send('POST', '/login', login)).status, 200)
  assert.equal((await inHeaders.send('POST', '/me')).status, 200, 'headers cannot be forged')
  await refreshWell(inHeaders, 'a refresh in headers')
}

async function csrfHeader(world: World): Promise<void> {
  const { browser } = await logIn(world)
  const forged = newBrowser(world, false)
  forged.restore(browser.jar())
  assertRefused(await forged.send('POST', '/me'), 'any', 'a forged request')
  forged.restore(browser.jar())
  assertRefused(await forged.refresh(), 'any', 'a forged refresh')
  assert.equal((await browser.send('POST', '/me')).status, 200)
  await refreshWell(browser)
  assert.equal((await browser.send('POST', '/me/checked')).status, 200)
}

/** The three ways of telling a forged request. */
export const CSRF: readonly Scenario[] = [
  { column: 'csrf none', setup: 'plain', play: csrfNone },
  { column: 'csrf token', setup: 'csrf-token', play: csrfToken },
  { column: 'csrf header', setup: 'csrf-header', play: csrfHeader },
]
