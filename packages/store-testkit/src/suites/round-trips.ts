import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EpochMs, Json, JsonObject, KeyThumbprint, TenantId, UserId } from '@pawl/core'
import { at, freshApp, handleOf, hashOf, NOW_MS, newSession, range } from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

const LARGE_CHARACTERS = 65_536

const names = [
  'Ann',
  'ann',
  'ANN',
  'ann ',
  ' ann',
  "o'neil",
  '"; DROP TABLE sessions; --',
  'a\\b',
  'a%b',
  'a_b',
  'a\tb\nc',
  '\u00e9',
  'e\u0301',
  'ß',
  'ss',
  'I',
  'ı',
  '한글',
  'שלום',
  '👩‍👩‍👧‍👦',
  '\u{10ffff}',
  '\ufeffx',
  'null',
  '0',
  '{"json":1}',
  'x'.repeat(256),
  '😀'.repeat(128),
] as const

const numbers = [0, 1, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 2 ** 53, -(2 ** 53)]

const json: JsonObject = {
  '': 'empty key',
  'a.b': { $set: 1, 'c.d': null },
  ['__proto__']: { polluted: true },
  constructor: 'own',
  numbers,
  text: 'é\u0000\u001f\u2028"\\/😀',
  lone: '\ud800',
  nested: range(60).reduce<Json>((inner) => [inner], 'deep'),
  flags: [true, false, null],
}

/** What is written is read back, to the last bit. */
export function describeRoundTrips(open: OpenStore): void {
  describe('round trips', () => {
    const subject = useSubject(open)

    it('gives back every field as it was written, to every connection', async () => {
      const session = newSession({
        app: freshApp(),
        generation: 7,
        prevHash2: hashOf('parent'),
        accessKind: 'opaque',
        keyThumbprint: hashOf('key') as string as KeyThumbprint,
        claims: json,
        data: { ...json, more: 1 },
        device: {},
      })
      assert.deepEqual(await subject().store.insert(session, null), { kind: 'inserted', ended: [] })
      for (const index of range(3)) {
        assert.deepEqual(await subject().peer(index).find(session), session)
      }
    })

    it('gives back a session that was ended before it was written', async () => {
      const app = freshApp()
      const session = newSession({ app, revokedAtMs: at(5), endReason: 'theft' })
      await subject().store.insert(session, null)
      assert.deepEqual(await subject().store.find(session), session)
    })

    it('knows nothing of a session that was never written', async () => {
      assert.equal(await subject().store.find(newSession({ app: freshApp() })), undefined)
    })

    it('keeps apart names that differ in case, spaces or normal form only', async () => {
      const app = freshApp()
      const sessions = names.map((name) =>
        newSession({ app, handle: handleOf(`named ${name}`), userId: name as string as UserId }),
      )
      for (const session of sessions) await subject().store.insert(session, null)
      for (const session of sessions) {
        const page = { nowMs: NOW_MS, limit: 10, after: null }
        const found = await subject().store.listByUser(session, page)
        assert.deepEqual(found.sessions, [session])
      }
    })

    it('keeps or refuses a text that no database need hold, and never holds another', async () => {
      const app = freshApp()
      for (const name of ['\ud800', '\ud801', 'a\udc00b', '\ufffd', 'nul\0', 'nul']) {
        const handle = handleOf(`odd ${JSON.stringify(name)}`)
        const session = newSession({ app, handle, userId: name as UserId })
        const isKept = await subject()
          .store.insert(session, null)
          .then(
            () => true,
            () => false,
          )
        if (isKept) assert.deepEqual(await subject().store.find(session), session)
        else assert.equal(await subject().store.find(session), undefined)
      }
      const page = { nowMs: NOW_MS, limit: 10, after: null }
      const user = { app, tenant: 'default' as TenantId, userId: '\ufffd' as UserId }
      assert.equal((await subject().store.listByUser(user, page)).sessions.length, 1)
    })

    it('keeps apart the same handle in another app, another tenant or another case', async () => {
      const [app, other] = [freshApp(), freshApp()]
      const sessions = [
        newSession({ app, generation: 1 }),
        newSession({ app: other, generation: 2 }),
        newSession({ app, tenant: 'second' as TenantId, generation: 3 }),
        newSession({ app, handle: 'aBcdefghijklmnopqrst_-' as never, generation: 4 }),
        newSession({ app, handle: 'AbCDEFGHIJKLMNOPQRST_-' as never, generation: 5 }),
        newSession({ app, handle: 'AbCDEFGHIJKLMNOPQRST-_' as never, generation: 6 }),
      ]
      for (const session of sessions) {
        assert.equal((await subject().store.insert(session, null)).kind, 'inserted')
      }
      for (const session of sessions) assert.deepEqual(await subject().store.find(session), session)
    })

    it('refuses a second session of the same key and leaves the first as it was', async () => {
      const session = newSession({ app: freshApp() })
      const second = { ...session, userId: 'another' as UserId, claims: {} }
      await subject().store.insert(session, null)
      for (const limit of [null, { max: 1, policy: 'end-oldest' } as const]) {
        assert.deepEqual(await subject().peer(1).insert(second, limit), { kind: 'duplicate' })
      }
      assert.deepEqual(await subject().store.find(session), session)
    })

    it('lets exactly one of 50 concurrent inserts of one key in', async () => {
      const session = newSession({ app: freshApp() })
      const outcomes = await Promise.all(
        range(50).map((index) => subject().peer(index).insert(session, null)),
      )
      assert.equal(outcomes.filter(({ kind }) => kind === 'inserted').length, 1)
      assert.equal(outcomes.filter(({ kind }) => kind === 'duplicate').length, 49)
    })

    it('keeps times and counters of 53 bits', async () => {
      const app = freshApp()
      for (const ms of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 51 + 1, 8.64e15]) {
        const time = ms as EpochMs
        const session = newSession({
          app,
          handle: handleOf(`at ${ms}`),
          createdAtMs: time,
          generation: Math.min(ms, 2 ** 52),
          curMintedAtMs: time,
          idleExpiresAtMs: time,
          absoluteExpiresAtMs: time,
          revokedAtMs: time,
          endReason: 'absolute',
          accessTtlSeconds: Math.min(ms, 2 ** 31 - 1),
        })
        await subject().store.insert(session, null)
        assert.deepEqual(await subject().store.find(session), session)
      }
    })

    it('keeps claims, data and device facts of 64 KiB each', async () => {
      for (const character of ['x', '€', '😀', '"']) {
        const text = character.repeat(LARGE_CHARACTERS / character.length)
        const large = { text }
        const app = freshApp()
        const session = newSession({ app, claims: large, data: large, device: large })
        await subject().store.insert(session, null)
        assert.deepEqual(await subject().store.find(session), session)
        await subject().store.updateClaims(session, { again: text })
        const found = await subject().peer(1).find(session)
        assert.deepEqual(found, { ...session, claims: { again: text } })
      }
    })

    it('is not touched by what a caller later does with what it gave or got', async () => {
      const app = freshApp()
      const claims = { list: [1] }
      const session = newSession({ app, claims })
      await subject().store.insert(session, null)
      claims.list.push(2)
      const found = await subject().store.find(session)
      assert.deepEqual(found?.claims, { list: [1] })
    })
  })
}
