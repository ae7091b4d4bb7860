import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Session, Store } from '@pawl/core'
import { type Ground, testRepeats, testStalledWire } from './describe-faults.ts'
import { sessionOf } from './labelled-sessions.ts'
import { eventually, refused } from './patience.ts'

/** How many calls a store keeps waiting, and a call to make a crowd of. */
export interface Crowd {
  readonly waitingMax: number
  ask(store: Store, session: Session): Promise<unknown>
}

const HASTY = { answerMs: 300, connectMs: 300 }

/** What a store does in trouble that refuses calls until it has a new line to its server. */
export function testSingleLineFaults(crowd: Crowd): (ground: () => Ground) => void {
  return (ground) => {
    testRepeats(ground, { isRefusedMeanwhile: true, knowsItsOwn: false })
    testStalledWire(ground, HASTY, (store, session) => refused(store.find(session), 'unavailable'))
    testHangingServer(ground)
    testCrowd(ground, crowd)
  }
}

function testHangingServer(ground: () => Ground): void {
  it('gives up on a server that hangs, and works when it goes on', async () => {
    const { engine, open, insertPatiently } = ground()
    const store = open(HASTY)
    const session = sessionOf('hanging')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    engine.pause()
    await refused(store.find(session), 'timeout')
    await refused(store.find(session), 'unavailable')
    engine.resume()
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })
}

function testCrowd(ground: () => Ground, { waitingMax, ask }: Crowd): void {
  it('refuses at once what is more than it may keep waiting', async () => {
    const { proxy, open, insertPatiently } = ground()
    const store = open({ answerMs: 1000 })
    const session = sessionOf('crowd')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    proxy.stallAnswers()
    const calls = Array.from({ length: waitingMax + 1 }, () => ask(store, session))
    await refused(calls.at(-1) as Promise<unknown>, 'unavailable')
    proxy.flow()
    await Promise.allSettled(calls)
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })
}
