import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSessionError, pawlWeb } from '@pawl/web'

describe('the SDK in a program that is no page', () => {
  it('can be made with any options, keeps nothing running, and changes nothing', () => {
    const before = { fetch: globalThis.fetch, running: process.getActiveResourcesInfo().sort() }
    for (const options of [
      undefined,
      { apiOrigin: 'https://api.example.com' },
      { transport: 'header', persist: 'local' } as const,
    ]) {
      const session = pawlWeb(options)
      session.interceptFetch()()
      session.subscribe(() => assert.fail('nothing changes'))()
      session.on('ended', () => assert.fail('nothing ends'))()
      session.close()
    }
    assert.equal(globalThis.fetch, before.fetch)
    assert.deepEqual(process.getActiveResourcesInfo().sort(), before.running)
  })

  it('knows of nobody, which is not to say that nobody is signed in', async () => {
    const session = pawlWeb()
    assert.deepEqual(session.get(), { kind: 'unknown' })
    assert.equal(session.get(), session.get())
    assert.equal(await session.ready(), session.get())
    assert.equal(await session.refresh(), 'trouble')
    assert.deepEqual(await session.prepare(), {})
  })

  it('sends nothing: it would speak for all visitors at once', async (context) => {
    const sent = context.mock.method(globalThis, 'fetch', async () => new Response())
    const session = pawlWeb({ apiOrigin: 'https://api.example.com' })
    const isTrouble = (error: unknown) => isSessionError(error) && error.code === 'trouble'
    await assert.rejects(session.fetch('https://api.example.com/me'), isTrouble)
    await assert.rejects(session.require(), isTrouble)
    await assert.rejects(session.signOut(), isTrouble)
    assert.equal(sent.mock.callCount(), 0)
  })
})
