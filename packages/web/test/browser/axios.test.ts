import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AxiosError, AxiosStatic } from 'axios'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { api, openSignedIn } from './tabs.ts'

declare global {
  var axios: AxiosStatic
}

describe('axios over the fetch of the session', { timeout: 60_000 }, () => {
  async function openWithAxios(): Promise<Page> {
    const [page] = await openSignedIn(1)
    const contents = "import axios from 'axios'; globalThis.axios = axios"
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      write: false,
      format: 'iife',
    })
    await page!.addScriptTag({ content: outputFiles[0]!.text })
    return page!
  }

  const post = (page: Page) =>
    page.evaluate(async (baseURL) => {
      const client = axios.create({
        baseURL,
        adapter: 'fetch',
        env: { fetch: pawlSession.fetch },
      })
      try {
        const { status, data } = await client.post('/orders', { item: 7 })
        return { status, body: data.body as string }
      } catch (caught) {
        const { code, cause } = caught as AxiosError
        return { code, cause: cause?.name }
      }
    }, api.origin)

  it('refreshes and repeats a call with its body', async () => {
    const page = await openWithAxios()
    api.sessions.expireNow()
    const before = api.sessions.refreshes.length
    assert.deepEqual(await post(page), { status: 200, body: '{"item":7}' })
    assert.equal(api.sessions.refreshes.length - before, 1)
  })

  it('rejects with the trouble that the session has', async () => {
    const page = await openWithAxios()
    api.moods.push('unavailable')
    api.sessions.expireNow()
    assert.deepEqual(await post(page), { code: 'trouble', cause: 'SessionError' })
  })
})
