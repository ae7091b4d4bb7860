import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Store } from '@pawl/core'
import { type Engine, type EngineName, type EngineOptions, isChosen, useEngine } from '../index.ts'
import { hashOf, NOW_MS, rotationOf, sessionOf } from './labelled-sessions.ts'

/** A transaction beside the store's. */
export interface Rival {
  query(text: string): Promise<unknown>
  /** How many transactions wait for a lock now. */
  countWaiting(): Promise<number>
}

/** A store with its tables, a rival on them, and how both are let go. */
interface Meeting {
  readonly store: Store
  readonly rival: Rival
  close(): Promise<void>
}

/** What the tests have at hand. */
export interface MeetingGround extends Meeting {
  /** Resolves when so many transactions wait for a lock. */
  waiters(count: number): Promise<void>
  /** What `work` makes of a row while another transaction has changed it and not yet committed. */
  whileLocked<T>(change: string, work: () => Promise<T>): Promise<T>
}

/** An SQL engine and its store, as the suite needs them. */
export interface MeetingSubject {
  readonly engine: EngineName
  /** The engine's own name. */
  readonly title: string
  readonly options?: EngineOptions
  open(engine: Engine): Promise<Meeting>
  /** Statements that append an entry about a session to the log, as the store's own do. */
  appendEntry(handle: string): string
  /** Further tests, of what the engine does in its own way. */
  readonly testOwn: (ground: () => MeetingGround) => void
}

/** What a store on an SQL engine makes of rows that others change while its statements wait. */
export function describeMeetingWriters(subject: MeetingSubject): void {
  if (!isChosen(subject.engine)) return
  describe(`${subject.title}, when writers meet`, () => {
    let engine: Engine | undefined
    let ground: MeetingGround | undefined
    before(async () => {
      engine = await useEngine(subject.engine, subject.options)
      ground = groundOf(await subject.open(engine))
    })
    after(async () => {
      await ground?.close()
      await engine?.stop()
    })
    const at = () => ground as MeetingGround
    testLostRotations(at)
    testJudgedSession(at)
    testLog(at, subject)
    subject.testOwn(at)
  })
}

function groundOf(meeting: Meeting): MeetingGround {
  const { rival } = meeting
  const waiters = async (count: number) => {
    while ((await rival.countWaiting()) < count);
  }
  return {
    ...meeting,
    waiters,
    whileLocked: async (change, work) => {
      await rival.query('BEGIN')
      await rival.query(change)
      const result = work()
      result.catch(() => {})
      await waiters(1)
      await rival.query('COMMIT')
      return result
    },
  }
}

function testLostRotations(ground: () => MeetingGround): void {
  it('answers a rotation that lost with the row as the winner left it', async () => {
    const { store, whileLocked } = ground()
    for (const company of [0, 3]) {
      const label = `lost with ${company}`
      const session = sessionOf(label)
      await store.insert(session, null)
      const winner = hashOf('the winner')
      const change = `UPDATE pawl_sessions SET cur_hash = '${winner}', generation = 1
        WHERE handle = '${session.handle}'`
      const [outcome, ...others] = await whileLocked(change, () =>
        Promise.all([
          store.rotate(session, rotationOf(label, 0)),
          ...Array.from({ length: company }, async (_, index) => {
            const other = sessionOf(`${label}: ${index}`)
            return store.rotate(other, rotationOf(`${label}: ${index}`, 0))
          }),
        ]),
      )
      assert.equal(outcome?.advanced, false)
      assert.equal(outcome?.session.curHash2, winner)
      assert.equal(outcome?.session.generation, 1)
      assert.deepEqual(new Set(others), new Set(company === 0 ? [] : [undefined]))
    }
  })

  it('answers a rotation of a row that is deleted meanwhile with nothing', async () => {
    const { store, whileLocked } = ground()
    const session = sessionOf('deleted')
    await store.insert(session, null)
    const change = `DELETE FROM pawl_sessions WHERE handle = '${session.handle}'`
    const outcome = await whileLocked(change, () => store.rotate(session, rotationOf('deleted', 0)))
    assert.equal(outcome, undefined)
  })

  it('advances past a writer that touched the row and not its hash', async () => {
    const { store, whileLocked } = ground()
    const session = sessionOf('touched')
    await store.insert(session, null)
    const change = `UPDATE pawl_sessions SET claims = '{"fresh":true}'
      WHERE handle = '${session.handle}'`
    const outcome = await whileLocked(change, () => store.rotate(session, rotationOf('touched', 0)))
    assert.equal(outcome?.advanced, true)
    assert.deepEqual(outcome?.session.claims, { fresh: true })
  })

  it('advances once however often the same rotation comes', async () => {
    const { store } = ground()
    const session = sessionOf('again')
    await store.insert(session, null)
    const rotation = rotationOf('again', 0)
    const rotations = Array.from({ length: 5 }, () => store.rotate(session, rotation))
    const outcomes = await Promise.all(rotations)
    assert.equal(outcomes.filter((outcome) => outcome?.advanced).length, 1)
    for (const outcome of outcomes) assert.equal(outcome?.session.curHash2, rotation.next.curHash2)
  })
}

function testJudgedSession(ground: () => MeetingGround): void {
  it('does not end a judged session that moved on meanwhile', async () => {
    const { store, whileLocked } = ground()
    const session = sessionOf('judged')
    await store.insert(session, null)
    const change = `UPDATE pawl_sessions SET cur_hash = '${hashOf('moved on')}'
      WHERE handle = '${session.handle}'`
    const theft = { reason: 'theft', nowMs: NOW_MS, judged: session.curHash2 } as const
    assert.equal(await whileLocked(change, () => store.revoke(session, theft)), false)
    assert.equal((await store.find(session))?.revokedAtMs, null)
  })
}

function testLog(ground: () => MeetingGround, { appendEntry }: MeetingSubject): void {
  it('shows no entry of the log behind a cursor, whatever commits last', async () => {
    const { store, rival, waiters } = ground()
    const [early, late] = [sessionOf('log early'), sessionOf('log late')]
    await Promise.all([store.insert(early, null), store.insert(late, null)])
    const start = await store.revocationsEnd()
    // A writer that has its number and is slow to commit.
    await rival.query('BEGIN')
    await rival.query(appendEntry(early.handle))
    const revoked = store.revoke(late, { reason: 'sign-out', nowMs: NOW_MS })
    await waiters(1)
    const between = await store.revocationsAfter(start, 10)
    assert.deepEqual(between.entries, [])
    assert.equal(await store.revocationsEnd(), start)
    await rival.query('COMMIT')
    assert.equal(await revoked, true)
    const { entries } = await store.revocationsAfter(between.cursor, 10)
    const handles = entries.map((entry) => (entry.kind === 'session' ? entry.handle : ''))
    assert.deepEqual(handles, [early.handle, late.handle])
  })
}

/** Two sessions, the one with the lower handle first: in that order their rows are locked. */
export function inOrderOfHandles(...labels: readonly [string, string]) {
  const handleOf = (label: string) => sessionOf(label).handle
  const ordered = labels.toSorted((a, b) => (handleOf(a) < handleOf(b) ? -1 : 1))
  const [low = '', high = ''] = ordered.map(handleOf)
  return { labels: ordered, low, high }
}
