import { createHash } from 'node:crypto'
import type {
  AppId,
  EpochMs,
  Rotation,
  SecretHash,
  Session,
  SessionHandle,
  SessionKey,
  Store,
  TenantId,
  UserId,
} from '@pawl/core'

/** When the sessions of the benchmark begin; nothing expires while it runs. */
export const BEGIN_MS = Date.now() as EpochMs
const IDLE_MS = 30 * 86_400_000
const LIFE_MS = 365 * 86_400_000
const app = 'bench' as AppId
const tenant = 'default' as TenantId

/** Sessions named by a number, and where each of them stands. */
export interface Workload {
  readonly rows: number
  keyOf(index: number): SessionKey
  sessionOf(index: number): Session
  /**
   * One durable rotation of a random session, of the first `below`, that no other client is at;
   * throws if it loses.
   */
  rotateOne(store: Store, below?: number): Promise<void>
}

/** The handle of a session: 22 characters, spread like random ones, and known to SQL as well. */
function handleOf(index: number): SessionHandle {
  return createHash('md5').update(String(index)).digest('hex').slice(0, 22) as SessionHandle
}

/** The hash of a session's token of a generation: 43 characters, cheap to make. */
function hashOf(index: number, generation: number): SecretHash {
  return `${index}-${generation}-`.padEnd(43, 'x') as SecretHash
}

/** A workload over `rows` sessions, all at generation 0. */
export function newWorkload(rows: number): Workload {
  const generations = new Uint32Array(rows)
  const busy = new Set<number>()
  const keyOf = (index: number) => ({ app, tenant, handle: handleOf(index) })
  const pick = (below: number) => {
    for (;;) {
      const index = Math.floor(Math.random() * below)
      if (!busy.has(index)) return index
    }
  }
  return {
    rows,
    keyOf,
    sessionOf: (index) => newSession(keyOf(index), index),
    rotateOne: async (store, below = rows) => {
      const index = pick(below)
      busy.add(index)
      const generation = generations[index] ?? 0
      const outcome = await store.rotate(keyOf(index), rotationOf(index, generation))
      if (outcome?.advanced !== true) throw new Error('a rotation of the benchmark was refused')
      generations[index] = generation + 1
      busy.delete(index)
    },
  }
}

function rotationOf(index: number, generation: number): Rotation {
  const expected = hashOf(index, generation)
  const nowMs = (BEGIN_MS + generation + 1) as EpochMs
  const next = {
    generation: generation + 1,
    curHash2: hashOf(index, generation + 1),
    curMintedAtMs: nowMs,
    prevHash2: expected,
    confirmedAtMs: nowMs,
  }
  return { expected, next, nowMs }
}

function newSession(key: SessionKey, index: number): Session {
  return {
    ...key,
    userId: `user-${index}` as UserId,
    generation: 0,
    curHash2: hashOf(index, 0),
    curMintedAtMs: BEGIN_MS,
    prevHash2: null,
    confirmedAtMs: BEGIN_MS,
    createdAtMs: BEGIN_MS,
    idleTimeoutMs: IDLE_MS,
    idleExpiresAtMs: (BEGIN_MS + IDLE_MS) as EpochMs,
    absoluteExpiresAtMs: (BEGIN_MS + LIFE_MS) as EpochMs,
    accessTtlSeconds: 3600,
    accessKind: 'jwt',
    claims: { role: 'member' },
    data: {},
    device: {},
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
  }
}

/** Inserts all sessions of a workload. */
export async function fill(store: Store, workload: Workload): Promise<void> {
  let next = 0
  const insertSome = async () => {
    while (next < workload.rows) {
      next += 1
      await store.insert(workload.sessionOf(next - 1), null)
    }
  }
  await Promise.all(Array.from({ length: 256 }, insertSome))
}
