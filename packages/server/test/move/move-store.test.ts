import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AppId,
  type EpochMs,
  type Session,
  type Store,
  StoreError,
  type TenantId,
  type UserId,
} from '@pawl/core'
import { embedCore, generateSecret } from '@pawl/embedded'
import { memoryStore } from '@pawl/store-testkit'
import { type MoveOptions, type MoveOutcome, moveStore } from '../../src/move/move-store.ts'

const NOW_MS = 1_800_000_000_000 as EpochMs
const DAY_MS = 86_400_000
const SECRET = generateSecret()

function sessionOf(index: number, parts: Partial<Session> = {}): Session {
  const text = (label: string) => `${label}${index}`.padEnd(22, '-')
  return {
    app: 'default' as AppId,
    tenant: 'default' as TenantId,
    handle: text('handle') as never,
    userId: `user ${index % 7}` as UserId,
    generation: 0,
    curHash2: text('hash') as never,
    curMintedAtMs: NOW_MS,
    prevHash2: null,
    confirmedAtMs: NOW_MS,
    createdAtMs: NOW_MS,
    idleTimeoutMs: DAY_MS,
    idleExpiresAtMs: (NOW_MS + DAY_MS) as EpochMs,
    absoluteExpiresAtMs: (NOW_MS + 9 * DAY_MS) as EpochMs,
    accessTtlSeconds: 300,
    accessKind: 'jwt',
    claims: { role: 'reader', 7: [1, { b: 2, a: 1 }] },
    data: {},
    device: {},
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
    ...parts,
  }
}

/** A store that a core has been on, with sessions. */
async function sourceWith(count: number, secret = SECRET): Promise<Store> {
  const store = memoryStore()
  await (await embedCore({ store, secret, closesStore: false })).close()
  for (let index = 0; index < count; index += 1) await store.insert(sessionOf(index), null)
  return store
}

function move(source: Store, target: Store, parts: Partial<MoveOptions> = {}) {
  const nowMs = () => NOW_MS
  return moveStore({ source, target, from: 'the old one', nowMs, onProgress: () => {}, ...parts })
}

/** Everything but the state of the move and what each store has for itself. */
async function contentOf(store: Store): Promise<unknown> {
  const sessions = (await store.walkSessions(null, 500)).items
  const cutOffs = (await store.walkCutOffs(null, 500)).items
  const all = (await store.walkRecords(null, 500)).items
  const records = all.filter(({ kind }) => kind !== 'move' && kind !== 'log-name')
  const log = (await store.revocationsAfter(null, 500)).entries
  return { sessions, cutOffs, records, log }
}

function assertRefused(outcome: MoveOutcome, sentence: RegExp): void {
  assert.equal(outcome.kind, 'refused')
  if (outcome.kind === 'refused') assert.match(outcome.sentence, sentence)
}

describe('a move', () => {
  it('puts everything into the other store and verifies it', async () => {
    const source = await sourceWith(20)
    await source.revoke(sessionOf(3), { reason: 'theft', nowMs: NOW_MS })
    const tenant = { app: 'default' as AppId, tenant: 'old' as TenantId, userId: null }
    await source.revokeBefore(tenant, { beforeMs: NOW_MS, reason: 'revoked', nowMs: NOW_MS })
    await source.insertRecord({ kind: 'api-key', app: '*', id: 'k' }, '{"x":1}')
    const target = memoryStore()
    const parts = new Map<string, number>()
    const onProgress = (part: string, done: number) => parts.set(part, done)
    const outcome = await move(source, target, { onProgress })
    assert.equal(outcome.kind, 'complete')
    if (outcome.kind === 'complete') assert.equal(outcome.comparison.sessions, 19)
    assert.deepEqual(await contentOf(target), await contentOf(source))
    assert.deepEqual([parts.get('sessions copied'), parts.get('sessions verified')], [20, 19])
    const core = await embedCore({ store: target, secret: SECRET })
    await core.close()
  })

  it('may be done again and brings what changed, until a core starts on the target', async () => {
    const [source, target] = [await sourceWith(5), memoryStore()]
    const key = { kind: 'api-key', app: '*', id: 'k' }
    await source.insertRecord(key, '{}')
    await move(source, target)
    await source.deleteRecord(key)
    await source.revoke(sessionOf(1), { reason: 'revoked', nowMs: NOW_MS })
    await source.updateData(sessionOf(2), { fresh: true })
    await source.insert(sessionOf(9), null)
    assert.equal((await move(source, target)).kind, 'complete')
    assert.deepEqual(await contentOf(target), await contentOf(source))
    await (await embedCore({ store: target, secret: SECRET, closesStore: false })).close()
    assertRefused(await move(source, target), /of its own/)
  })

  it('goes on where it was cut off, and no core starts before it is complete', async () => {
    const [source, target] = [await sourceWith(1700), memoryStore()]
    let puts = 0
    const failing: Store = {
      ...target,
      put: async (content) => {
        if (content.sessions !== undefined) puts += 1
        if (puts === 3) throw new Error('cut off')
        return target.put(content)
      },
    }
    await assert.rejects(move(source, failing), /cut off/)
    const early = embedCore({ store: target, secret: SECRET, closesStore: false })
    await assert.rejects(early, /the move into this store is not complete/)
    const seen: (readonly [string, number])[] = []
    const onProgress = (part: string, done: number) => void seen.push([part, done])
    const outcome = await move(source, target, { onProgress })
    assert.equal(outcome.kind, 'complete')
    assert.deepEqual(seen[0], ['sessions copied before', 1000])
    const copied = seen.filter(([part]) => part === 'sessions copied').map(([, done]) => done)
    assert.deepEqual(copied, [1500, 1700])
  })

  it('catches what changed before the place at which it goes on', async () => {
    const [source, target] = [await sourceWith(1200), memoryStore()]
    const failing: Store = { ...target, revocationsEnd: target.revocationsEnd }
    let puts = 0
    Object.assign(failing, {
      put: async (content: Parameters<Store['put']>[0]) => {
        if (content.sessions !== undefined) puts += 1
        if (puts === 2) throw new Error('cut off')
        return target.put(content)
      },
    })
    await assert.rejects(move(source, failing), /cut off/)
    const { items } = await target.walkSessions(null, 1)
    await source.revoke(items[0] as Session, { reason: 'theft', nowMs: NOW_MS })
    assert.equal((await move(source, target)).kind, 'complete')
    assert.equal((await target.find(items[0] as Session))?.endReason, 'theft')
  })

  it('ends sessions that ended and were swept after they had been copied', async () => {
    const [source, target] = [await sourceWith(4), memoryStore()]
    await move(source, target)
    await source.revoke(sessionOf(2), { reason: 'theft', nowMs: NOW_MS })
    const later = (NOW_MS + DAY_MS + 1) as EpochMs
    assert.equal(await source.deleteExpired(later, 10), 1)
    assert.equal((await move(source, target, { nowMs: () => later })).kind, 'complete')
    assert.notEqual((await target.find(sessionOf(2)))?.revokedAtMs, null)
    assert.equal((await target.find(sessionOf(1)))?.revokedAtMs, null)
  })

  it('says that the source is ahead when it changes meanwhile', async () => {
    const [source, target] = [await sourceWith(4), memoryStore()]
    const busy: Store = {
      ...source,
      revocationsAfter: async (...page) => {
        await source.updateData(sessionOf(1), { at: Math.random() })
        return source.revocationsAfter(...page)
      },
    }
    const outcome = await move(busy, target)
    assert.equal(outcome.kind, 'behind')
    if (outcome.kind === 'behind') assert.equal(outcome.comparison.heaps.size, 1)
    await assert.rejects(embedCore({ store: target, secret: SECRET, closesStore: false }))
    assert.equal((await move(source, target)).kind, 'complete')
  })

  it('never puts an older state over a newer one', async () => {
    const [source, target] = [await sourceWith(2), memoryStore()]
    await move(source, target)
    const ahead = { ...sessionOf(1), generation: 4, curHash2: 'ahead'.padEnd(43, '-') as never }
    await target.put({ sessions: [ahead] })
    assert.equal((await move(source, target)).kind, 'behind')
    assert.deepEqual(await target.find(sessionOf(1)), ahead)
  })
})

describe('a move is refused', () => {
  it('from a store into itself, however it is reached, and nothing is left behind', async () => {
    const source = await sourceWith(1)
    const before = await source.walkRecords(null, 500)
    assertRefused(await move(source, { ...source }), /the same store/)
    assert.deepEqual(await source.walkRecords(null, 500), before)
  })

  it('into a store of another master secret', async () => {
    const target = await sourceWith(0, generateSecret())
    assertRefused(await move(await sourceWith(1), target), /another master secret/)
  })

  it('into a store that holds sessions or settings of its own', async () => {
    const [holding, used] = [memoryStore(), memoryStore()]
    await holding.insert(sessionOf(77), null)
    await used.insertRecord({ kind: 'api-key', app: '*', id: 'k' }, '{}')
    assertRefused(await move(await sourceWith(1), holding), /of its own/)
    assertRefused(await move(await sourceWith(1), used), /of its own/)
  })

  it('into a store that is in the middle of another move, and from one', async () => {
    const [source, target] = [await sourceWith(1), memoryStore()]
    const dying: Store = { ...source, walkCutOffs: () => Promise.reject(new Error('gone')) }
    await assert.rejects(move(dying, target), /gone/)
    assertRefused(await move(source, target, { from: 'a third' }), /a move from the old one/)
    assertRefused(await move(target, memoryStore()), /not complete/)
  })

  it('into a store without tables, or with newer ones', async () => {
    const fault = new StoreError('schema', 'the database is newer than this build')
    const newer: Store = { ...memoryStore(), migrate: () => Promise.reject(fault) }
    const bare: Store = { ...memoryStore(), walkSessions: () => Promise.reject(fault) }
    for (const target of [newer, bare]) {
      const outcome = await move(await sourceWith(1), target)
      assertRefused(outcome, /not ready \(run pawl migrate on it\): the database is newer/)
    }
  })

  it('from a store that never had a core', async () => {
    assertRefused(await move(memoryStore(), memoryStore()), /never had a core/)
  })
})
