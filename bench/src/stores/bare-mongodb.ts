import { createHash } from 'node:crypto'
import { type Collection, MongoClient } from 'mongodb'
import { BEGIN_MS } from './workload.ts'

/** Documents that one command inserts. */
const INSERTED_AT_ONCE = 1000
const SESSIONS = 'pawl_sessions'

interface StoredSession {
  readonly _id: string
  readonly user: string
  readonly cur: string
}

/** Documents that a bare loop works on, and where each of them stands. */
interface BareRows {
  readonly url: string
  readonly from: number
  readonly generations: Uint32Array
}

/** What is done to a store's collection without the store; its own documents are `from` to `to`. */
export async function openBare(url: string, { from = 0, to = 0 } = {}) {
  const client = await new MongoClient(url).connect()
  const sessions = sessionsOf(client)
  const rows: BareRows = { url, from, generations: new Uint32Array(to - from) }
  return {
    loop: (connections: number) => bareLoop(rows, connections),
    /** Copies of the first session of a workload as its others, from a number up to another. */
    fill: async ({ from, to }: { readonly from: number; readonly to: number }) => {
      const first = await sessions.findOne({ _id: keyOf(0) })
      if (first === null) throw new Error('the first session of the benchmark is missing')
      for (let next = from; next < to; next += INSERTED_AT_ONCE) {
        const count = Math.min(INSERTED_AT_ONCE, to - next)
        await sessions.insertMany(
          Array.from({ length: count }, (_, index) => ({
            ...first,
            _id: keyOf(next + index),
            user: `bench:default:user-${next + index}`,
            cur: hashOf(next + index, 0),
          })),
        )
      }
    },
    close: () => client.close(),
  }
}

/**
 * The store's own `findAndModify`, one a swap as there, sent by the driver and nothing else: so
 * many at a time, each on a connection, no more than the key read back.
 */
async function bareLoop({ url, from, generations }: BareRows, connections: number) {
  const client = await new MongoClient(url, { maxPoolSize: connections }).connect()
  const sessions = sessionsOf(client)
  const busy = new Set<number>()
  const swap = async (): Promise<void> => {
    const index = pickFree(generations.length, busy)
    busy.add(index)
    const generation = generations[index] ?? 0
    const { filter, update } = swapOf(from + index, generation)
    const moved = await sessions.findOneAndUpdate(filter, update, { projection: { _id: 1 } })
    if (moved === null) throw new Error('a swap of the benchmark was refused')
    generations[index] = generation + 1
    busy.delete(index)
  }
  return { swap, close: () => client.close() }
}

function sessionsOf(client: MongoClient): Collection<StoredSession> {
  return client
    .db(undefined, { writeConcern: { w: 'majority', journal: true } })
    .collection(SESSIONS)
}

function pickFree(count: number, busy: ReadonlySet<number>): number {
  for (;;) {
    const index = Math.floor(Math.random() * count)
    if (!busy.has(index)) return index
  }
}

function swapOf(index: number, generation: number) {
  const nowMs = BEGIN_MS + generation + 1
  const expected = hashOf(index, generation)
  const idle = { $min: [{ $add: ['$idleTimeout', nowMs] }, '$absolute'] }
  const sweep = { $min: ['$sweep', { $add: ['$idleTimeout', '$idleTimeout', nowMs + 1] }] }
  const moved = {
    generation: generation + 1,
    cur: { $literal: hashOf(index, generation + 1) },
    minted: nowMs,
    prev: { $literal: expected },
    confirmed: nowMs,
  }
  return {
    filter: {
      _id: keyOf(index),
      cur: expected,
      revoked: null,
      absolute: { $gt: nowMs },
      $or: [{ idle: { $gte: nowMs } }, { idleTimeout: { $gte: 0 } }],
    },
    update: [{ $set: { ...moved, idle, sweep } }],
  }
}

function keyOf(index: number): string {
  return `bench:default:${createHash('md5').update(String(index)).digest('hex').slice(0, 22)}`
}

function hashOf(index: number, generation: number): string {
  return `${index}-${generation}-`.padEnd(43, 'x')
}
