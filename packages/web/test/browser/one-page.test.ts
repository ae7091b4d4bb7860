import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { api, app, openSignedIn, openTab } from './tabs.ts'

describe('two sessions in one page', { timeout: 60_000 }, () => {
  it('that are started and closed at once leave the lock to the next', async () => {
    const [page] = await openSignedIn(1)
    api.sessions.expireNow()
    const status = await page!.evaluate(
      async ([origin, url]) => {
        for (let round = 0; round < 3; round += 1) {
          localStorage.clear()
          Pawl.pawlWeb({ apiOrigin: origin }).close()
        }
        return (await pawlSession.fetch(url)).status
      },
      [api.origin, `${api.origin}/read`] as const,
    )
    assert.equal(status, 200)
  })

  it('do not wait for each other when one has the place of the global fetch', async () => {
    const [page] = await openSignedIn(1)
    api.sessions.expireNow()
    const outcome = await page!.evaluate(
      async ([origin, url]) => {
        const original = globalThis.fetch
        pawlSession.interceptFetch()
        const second = Pawl.pawlWeb({ apiOrigin: origin })
        const result = await second.refresh()
        const { status } = await second.fetch(url)
        second.close()
        pawlSession.close()
        return { result, status, restored: globalThis.fetch === original }
      },
      [api.origin, `${api.origin}/read`] as const,
    )
    assert.deepEqual(outcome, { result: 'done', status: 200, restored: true })
  })

  it('are refused when they were told of a place that is not one', async () => {
    const page = await openTab()
    const faults = await page.evaluate(() =>
      [
        { apiOrigin: 'https://api.example.com/' },
        { apiOrigin: 'https://api.example.com', basePath: 'auth/session' },
        { apiOrigin: 'https://api.example.com', basePath: '@evil.example/' },
        { furtherOrigins: ['api.example.com'] },
        { raceWindowMs: 0 },
      ].map((options) => {
        try {
          Pawl.pawlWeb(options)
          return 'taken'
        } catch (error) {
          return (error as Error).name
        }
      }),
    )
    assert.deepEqual(new Set(faults), new Set(['TypeError']))
  })
})

describe('fetch of the session', { timeout: 60_000 }, () => {
  it('repeats a call with its body after a refresh', async () => {
    const [page] = await openSignedIn(1)
    const url = `${api.origin}/echo`
    const post = (kind: string) =>
      page!.evaluate(
        async ([to, wanted]) => {
          const bodies: Record<string, () => Promise<Response>> = {
            text: () => pawlSession.fetch(to, { method: 'POST', body: 'hello' }),
            blob: () => pawlSession.fetch(to, { method: 'POST', body: new Blob(['hello']) }),
            request: () => pawlSession.fetch(new Request(to, { method: 'POST', body: 'hello' })),
          }
          const send = bodies[wanted]
          if (send === undefined) throw new Error(wanted)
          const echoed: { readonly body: string } = await (await send()).json()
          return echoed.body
        },
        [url, kind] as const,
      )
    for (const kind of ['text', 'blob', 'request']) {
      api.sessions.expireNow()
      assert.equal(await post(kind), 'hello', kind)
    }
  })

  it('reads a relative address as the page does', async () => {
    const [page] = await openSignedIn(1)
    const outcome = await page!.evaluate(async (origin) => {
      document.head.append(
        Object.assign(document.createElement('base'), { href: `${origin}/app/` }),
      )
      const { status } = await pawlSession.fetch('one')
      pawlSession.interceptFetch()
      return [status, (await fetch('two')).status]
    }, api.origin)
    assert.deepEqual(outcome, [200, 200])
    assert.deepEqual([api.countOf('/app/one'), api.countOf('/app/two')], [1, 1])
  })

  it('takes the place of the global fetch for the API alone, until it is undone', async () => {
    const [page] = await openSignedIn(1)
    api.sessions.expireNow()
    const before = app.requests.length
    const outcome = await page!.evaluate(
      async ([ours, other]) => {
        const original = globalThis.fetch
        const undo = pawlSession.interceptFetch()
        const { status } = await fetch(ours)
        await fetch(other)
        undo()
        return { status, restored: globalThis.fetch === original }
      },
      [`${api.origin}/read`, `${app.origin}/plain`] as const,
    )
    assert.deepEqual(outcome, { status: 200, restored: true })
    const plain = app.requests.slice(before).find(({ url }) => url === '/plain')
    assert.equal(plain?.headers['pawl-transport'], undefined)
  })

  it('lets the caller abort while it waits for a refresh', async () => {
    const [page] = await openSignedIn(1)
    const gate = Promise.withResolvers<void>()
    api.gate = gate.promise
    api.sessions.expireNow()
    const before = api.sessions.refreshes.length
    const aborted = page!.evaluate((url) => {
      const controller = new AbortController()
      Object.assign(globalThis, { stop: () => controller.abort() })
      return pawlSession.fetch(url, { signal: controller.signal }).catch((error) => error.name)
    }, `${api.origin}/read`)
    await api.until(() => api.sessions.refreshes.length > before)
    await page!.evaluate(() => (globalThis as unknown as { stop(): void }).stop())
    assert.equal(await aborted, 'AbortError')
    gate.resolve()
  })
})
