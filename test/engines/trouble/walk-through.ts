import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { isStoreError, type Store } from '@pawl/core'
import type { Engine, TcpProxy } from '../index.ts'
import { hashOf, rotationOf, sessionOf } from './labelled-sessions.ts'
import { eventually, refused } from './patience.ts'

const WALKS = 12
const KILLS = 3
const REST_MS = 50
const CUTS = 30
const CUT_EVERY_MS = 10

/** Kills the server of a store, and starts it again, while sessions are rotated. */
export function walkThroughKills(store: Store, engine: Engine): Promise<void> {
  return walkThrough(store, 'killed', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(REST_MS)
      await engine.kill()
      await refused(store.ping(), 'unavailable', 'timeout')
      await engine.restart()
      await eventually(() => store.ping())
    }
    await pause(REST_MS)
  })
}

/** Cuts the connections of a store, at once or under an answer, while sessions are rotated. */
export function walkThroughCuts(store: Store, proxy: TcpProxy): Promise<void> {
  return walkThrough(store, 'cut', async () => {
    for (let cut = 0; cut < CUTS; cut++) {
      await pause(CUT_EVERY_MS)
      if (cut % 2 === 0) proxy.cut()
      else proxy.cutAtNextAnswer()
    }
  })
}

/**
 * Walks a dozen sessions while `trouble` is made; then every row stands where its walk came to, and
 * goes on from there.
 */
async function walkThrough(
  store: Store,
  name: string,
  trouble: () => Promise<void>,
): Promise<void> {
  const labels = Array.from({ length: WALKS }, (_, index) => `${name} ${index}`)
  for (const label of labels) await store.insert(sessionOf(label), null)
  let isOver = false
  const walks = labels.map((label) => walk(store, label, () => isOver))
  await trouble().finally(() => {
    isOver = true
  })
  const generations = await Promise.all(walks)
  for (const [index, label] of labels.entries()) {
    const row = await store.find(sessionOf(label))
    assert.equal(row?.generation, generations[index])
    // However little time it had in between: from here it goes on.
    const rotation = rotationOf(label, row?.generation ?? 0)
    const outcome = await eventually(() => store.rotate(sessionOf(label), rotation))
    assert.equal(outcome?.session.curHash2, rotation.next.curHash2)
  }
}

/**
 * Rotates one session again and again until told to stop. After a refusal it looks where the row
 * is: where it was, or one further. Returns how far it came.
 */
async function walk(store: Store, label: string, mayStop: () => boolean): Promise<number> {
  const session = sessionOf(label)
  let generation = 0
  while (!mayStop()) {
    try {
      const outcome = await store.rotate(session, rotationOf(label, generation))
      // Not advanced: the answer to a first try was lost, and the second found the row moved.
      assert.equal(outcome?.session.curHash2, hashOf(`${label} ${generation + 1}`))
      generation += 1
    } catch (error) {
      assert.ok(isStoreError(error), String(error))
      assert.ok(['unavailable', 'timeout'].includes(error.kind), error.message)
      const row = await eventually(() => store.find(session))
      const known = row?.generation ?? -1
      assert.ok(known === generation || known === generation + 1, `${known} after ${generation}`)
      assert.equal(row?.curHash2, hashOf(`${label} ${known}`))
      generation = known
    }
  }
  return generation
}
