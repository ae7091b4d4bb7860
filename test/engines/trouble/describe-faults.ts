import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Session, Store } from '@pawl/core'
import {
  type Engine,
  type EngineName,
  isChosen,
  startEngine,
  startProxy,
  type TcpProxy,
} from '../index.ts'
import { hashOf, rotationOf, sessionOf } from './labelled-sessions.ts'
import { eventually, refused } from './patience.ts'
import { walkThroughCuts, walkThroughKills } from './walk-through.ts'

/** How patient a store is; what is not given is the default of these tests. */
export interface Bounds {
  readonly answerMs?: number
  readonly connectMs?: number
  readonly connectionsMax?: number
}

/** What an engine's own tests need of the suite they stand in. */
export interface Ground {
  readonly engine: Engine
  /** Between every store that {@link open} opens and the engine. */
  readonly proxy: TcpProxy
  /** A store through the proxy, as another user where another URL of the engine is given. */
  open(bounds?: Bounds, url?: string): Store
  /** Writes a row, however long that takes. */
  insertPatiently(session: Session): Promise<void>
}

/** An engine and its store, as the suite needs them. */
export interface Subject {
  readonly engine: EngineName
  /** The engine's own name. */
  readonly title: string
  open(url: string, bounds: Bounds): Store
  /** Further tests, of what only this engine can do wrong. */
  readonly own: readonly ((ground: () => Ground) => void)[]
}

const FOUND_WITHIN_MS = 5_000
const PATIENT: Bounds = { answerMs: 60_000, connectMs: 60_000 }

/** What every store does when its server, or the way to it, is in trouble; and an engine's own. */
export function describeFaults(subject: Subject): void {
  if (!isChosen(subject.engine)) return
  describe(`${subject.title} in trouble`, () => {
    const ground = useGround(subject)
    testLostAnswers(ground)
    for (const testOwn of subject.own) testOwn(ground)
  })
}

/** An engine behind a proxy, with its tables; it is there when tests run. */
function useGround(subject: Subject): () => Ground {
  let ground: Ground | undefined
  const opened: Store[] = []

  before(async () => {
    const engine = await startEngine(subject.engine)
    const proxy = await startProxy(engine)
    const open = (bounds: Bounds = {}, url = engine.url) => {
      const store = subject.open(proxy.through(url), bounds)
      opened.push(store)
      return store
    }
    const insertPatiently = async (session: Session) => {
      const store = open(PATIENT)
      await store.insert(session, null)
      await store.close()
    }
    ground = { engine, proxy, open, insertPatiently }
    const store = open(PATIENT)
    await store.migrate()
    await store.close()
  })
  after(async () => {
    // A test that failed has not closed its store, which might look for its server for ever.
    await Promise.all(opened.map((store) => store.close()))
    await ground?.proxy.close()
    await ground?.engine.stop()
  })
  return () => ground as Ground
}

function testLostAnswers(ground: () => Ground): void {
  it('loses no acknowledged rotation when the server is killed, and goes on by itself', async () => {
    const store = ground().open()
    await walkThroughKills(store, ground().engine)
    await store.close()
  })

  it('loses no acknowledged rotation when connections are cut again and again', async () => {
    const store = ground().open()
    await walkThroughCuts(store, ground().proxy)
    await store.close()
  })

  it('says unavailable at once when nobody listens', async () => {
    const { proxy, open } = ground()
    const store = open()
    proxy.refuse()
    await refused(store.find(sessionOf('refused')), 'unavailable')
    proxy.flow()
    assert.equal(await eventually(() => store.find(sessionOf('refused'))), undefined)
    await store.close()
  })
}

/** How a store repeats what its connection was lost under. */
interface Repeating {
  /**
   * Whether calls are refused until there is a new connection; a pool has another, and answers the
   * next call.
   */
  readonly isRefusedMeanwhile: boolean
  /** Whether a rotation that is run a second time knows the row as its own work. */
  readonly knowsItsOwn: boolean
}

/** A rotation whose answer is lost is run again, an insert never. */
export function testRepeats(
  ground: () => Ground,
  { isRefusedMeanwhile, knowsItsOwn }: Repeating,
): void {
  const next = isRefusedMeanwhile ? eventually : <T>(call: () => Promise<T>) => call()

  it('runs a rotation again whose answer was lost, and never an insert', async () => {
    const { proxy, open } = ground()
    const store = open()
    const session = sessionOf('answer lost')
    await store.insert(session, null)
    proxy.cutAtNextAnswer()
    const outcome = await store.rotate(session, rotationOf('answer lost', 0))
    assert.equal(outcome?.advanced, knowsItsOwn)
    assert.equal(outcome?.session.curHash2, hashOf('answer lost 1'))
    proxy.cutAtNextAnswer()
    assert.equal((await next(() => store.find(session)))?.generation, 1)
    const other = sessionOf('insert lost')
    // An insert may be two commands at a time: both have a connection that is there already.
    const key = { kind: 'any', app: '*', id: 'any' }
    await next(() => Promise.all([store.find(other), store.findRecord(key)]))
    proxy.cutAtNextAnswer()
    await refused(store.insert(other, null), 'timeout')
    assert.deepEqual(await found(() => next(() => store.find(other))), other)
    await store.close()
  })
}

/** What is there at last: the server may still be at it when the connection is lost. */
async function found<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  const untilMs = performance.now() + FOUND_WITHIN_MS
  for (;;) {
    const answer = await find()
    if (answer !== undefined || performance.now() > untilMs) return answer
  }
}

/** A wire that stalls under a call; `during` is what else is refused, and how, while it does. */
export function testStalledWire(
  ground: () => Ground,
  bounds: Bounds,
  during: (store: Store, session: Session) => Promise<unknown> = async () => {},
): void {
  it('gives up on a wire that stalls, in bounded time, and works when it flows', async () => {
    const { proxy, open, insertPatiently } = ground()
    const store = open(bounds)
    const session = sessionOf('stalled')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const startedAtMs = performance.now()
    proxy.stall()
    await refused(store.rotate(session, rotationOf('stalled', 0)), 'timeout')
    await during(store, session)
    assert.ok(performance.now() - startedAtMs < 10_000)
    proxy.flow()
    const row = await eventually(() => store.find(session))
    assert.ok(row !== undefined && row.generation <= 1)
    await store.close()
  })
}
