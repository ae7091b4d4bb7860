import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Engine } from '../index.ts'
import { type Ground, testRepeats, testStalledWire } from './describe-faults.ts'
import { rotationOf, sessionOf } from './labelled-sessions.ts'
import { eventually, refused } from './patience.ts'

/** An SQL server's ways, and what another client can do to it; each returns how that is undone. */
export interface Rival {
  /** Whether a rotation that is run a second time knows the row as its own work. */
  readonly knowsItsOwn: boolean
  /** Keeps every session from being read and written. */
  lockSessions(engine: Engine): Promise<() => Promise<void>>
  /** Lets nobody write; also gives the URL of a user whom that stops. */
  forbidWrites(
    engine: Engine,
  ): Promise<{ readonly url: string; readonly undo: () => Promise<void> }>
}

/** What a store with a pool of connections to an SQL server does in trouble. */
export function testPooledFaults(rival: Rival): (ground: () => Ground) => void {
  return (ground) => {
    testRepeats(ground, { isRefusedMeanwhile: false, knowsItsOwn: rival.knowsItsOwn })
    testStalledWire(ground, { answerMs: 300 })
    testHeldRows(ground, rival)
    testReadOnly(ground, rival)
  }
}

function testHeldRows(ground: () => Ground, rival: Rival): void {
  it('says timeout when a statement takes too long, and nothing was written', async () => {
    const { engine, open, insertPatiently } = ground()
    const store = open({ answerMs: 300 })
    const session = sessionOf('slow')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const unlock = await rival.lockSessions(engine)
    await refused(store.rotate(session, rotationOf('slow', 0)), 'timeout')
    await unlock()
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })

  it('refuses within a bound when no connection is free, and takes calls again after it', async () => {
    const { engine, open, insertPatiently } = ground()
    const store = open({ connectionsMax: 1, connectMs: 500, answerMs: 30_000 })
    const session = sessionOf('exhausted')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const unlock = await rival.lockSessions(engine)
    const held = store.updateData(session, { held: true })
    await refused(store.findRecord({ kind: 'x', app: '*', id: 'x' }), 'unavailable')
    await unlock()
    assert.equal(await held, true)
    const key = { kind: 'x', app: '*', id: 'x' }
    assert.equal(await eventually(() => store.findRecord(key)), undefined)
    await store.close()
  })
}

function testReadOnly(ground: () => Ground, rival: Rival): void {
  it('says read-only where nobody may write, to reads as well, until somebody may', async () => {
    const { engine, open } = ground()
    const { url, undo } = await rival.forbidWrites(engine)
    const store = open({}, url)
    const session = sessionOf('read-only')
    await refused(store.ping(), 'read-only')
    await refused(store.insert(session, null), 'read-only')
    await refused(store.find(session), 'read-only')
    await undo()
    await eventually(() => store.ping())
    assert.equal((await store.insert(session, null)).kind, 'inserted')
    await store.close()
  })
}
