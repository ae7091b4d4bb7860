import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStoreError, type Session, type Store, type StoreErrorKind } from '@pawl/core'
import { mongodbStore } from '@pawl/store-mongodb'
import {
  type Engine,
  isChosen,
  startEngine,
  startProxy,
  type TcpProxy,
} from '../../../../test/engines/index.ts'
import { hashOf, rotationOf, sessionOf } from './sessions-of-tests.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Fails unless the call is refused with a `StoreError` of one of the kinds. */
async function refused(call: Promise<unknown>, ...kinds: StoreErrorKind[]): Promise<void> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (cause: unknown) => cause,
  )
  assert.ok(isStoreError(error), String(error))
  assert.ok(kinds.includes(error.kind), `${error.kind}: ${error.message}`)
}

/** The first answer of a call that is refused for a while. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      assert.ok(isStoreError(error), String(error))
      await pause(20)
    }
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

function describeFaults(): void {
  let engine: Engine
  let proxy: TcpProxy
  const opened: Store[] = []
  const open = (options: Partial<Parameters<typeof mongodbStore>[0]> = {}) => {
    const url = proxy.through(engine.url)
    const store = mongodbStore({ url, connectTimeoutMs: 1000, ...options })
    opened.push(store)
    return store
  }

  const insertPatiently = async (session: Session) => {
    const store = open({ answerTimeoutMs: 60_000, connectTimeoutMs: 60_000 })
    await store.insert(session, null)
    await store.close()
  }

  before(async () => {
    engine = await startEngine('mongodb')
    proxy = await startProxy(engine)
    const store = mongodbStore({ url: engine.url })
    await store.migrate()
    await store.close()
  })
  after(async () => {
    // A test that failed has not closed its store, which would watch for its server for ever.
    await Promise.all(opened.map((store) => store.close()))
    await proxy?.close()
    await engine?.stop()
  })

  /** Walks a dozen sessions while `trouble` is made, and looks where they stand after it. */
  async function walkThrough(name: string, trouble: (store: Store) => Promise<void>) {
    const store = open()
    const labels = Array.from({ length: 12 }, (_, index) => `${name} ${index}`)
    for (const label of labels) await store.insert(sessionOf(label), null)
    let isOver = false
    const walks = labels.map((label) => walk(store, label, () => isOver))
    await trouble(store).finally(() => {
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
    await store.close()
  }

  it('loses no acknowledged rotation when the server is killed, and goes on by itself', () =>
    walkThrough('killed', async (store) => {
      for (let round = 0; round < 3; round++) {
        await pause(50)
        await engine.kill()
        await refused(store.ping(), 'unavailable', 'timeout')
        await engine.restart()
        await eventually(() => store.ping())
      }
      await pause(50)
    }))

  it('loses no acknowledged rotation when the connection is cut again and again', () =>
    walkThrough('cut', async () => {
      for (let round = 0; round < 30; round++) {
        await pause(10)
        if (round % 2 === 0) proxy.cut()
        else proxy.cutAtNextAnswer()
      }
    }))

  it('runs a rotation again whose answer was lost, and never an insert', async () => {
    const store = open()
    const session = sessionOf('answer lost')
    await store.insert(session, null)
    proxy.cutAtNextAnswer()
    const outcome = await store.rotate(session, rotationOf('answer lost', 0))
    assert.equal(outcome?.advanced, false)
    assert.equal(outcome?.session.curHash2, hashOf('answer lost 1'))
    const other = sessionOf('insert lost')
    proxy.cutAtNextAnswer()
    await refused(store.insert(other, null), 'timeout')
    assert.deepEqual(await eventually(() => store.find(other)), other)
    await store.close()
  })

  it('gives up on a wire that stalls, in bounded time, and works when it flows', async () => {
    const store = open({ answerTimeoutMs: 300, connectTimeoutMs: 300 })
    const session = sessionOf('stalled')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const startedAtMs = performance.now()
    proxy.stall()
    await refused(store.rotate(session, rotationOf('stalled', 0)), 'timeout')
    await refused(store.find(session), 'unavailable')
    assert.ok(performance.now() - startedAtMs < 10_000)
    proxy.flow()
    const row = await eventually(() => store.find(session))
    assert.ok(row !== undefined && row.generation <= 1)
    await store.close()
  })

  it('gives up on a server that hangs, and works when it goes on', async () => {
    const store = open({ answerTimeoutMs: 300, connectTimeoutMs: 300 })
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

  it('refuses at once what is more than it may keep waiting', async () => {
    const store = open({ answerTimeoutMs: 1000 })
    const session = sessionOf('crowd')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    proxy.stallAnswers()
    const key = { kind: 'app', app: 'any', id: 'any' }
    const calls = Array.from({ length: 2001 }, () => store.findRecord(key))
    await refused(calls.at(-1) as Promise<unknown>, 'unavailable')
    proxy.flow()
    await Promise.allSettled(calls)
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })
}

if (isChosen('mongodb')) describe('MongoDB in trouble', describeFaults)
