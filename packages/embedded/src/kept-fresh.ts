import type { AppId } from '@pawl/core'

/** From this part of its time on, a value is read anew while it is still given out. */
const AHEAD_SHARE = 1 / 2
/**
 * How long a caller waits for a read that is due, in milliseconds: a store that answers is faster,
 * and one that does not must not hold up what needs none.
 */
const PATIENCE_MS = 500

/** A read that failed is not waited for again, as long as the failure is no older than this. */
const FAILURE_TIMES = 2

/** A value for each app, read from the store again and again. */
export interface KeptFresh<Value> {
  /**
   * A value that was read within the reload time. Waits while none is known; if one is known that
   * is too old, for a moment, once: from then on it is given out until the store answers.
   */
  readonly get: (app: AppId) => Value | Promise<Value>
  /** A value that was read at most so many milliseconds ago, or what is known if reading fails. */
  readonly getWithin: (app: AppId, maxAgeMs: number) => Value | Promise<Value>
  /** Reads now: a read that began before does not count. */
  readonly reload: (app: AppId) => Promise<Value>
}

/** What values are kept with. */
export interface KeptFreshOptions<Value> {
  readonly read: (app: AppId) => Promise<Value>
  readonly nowMs: () => number
  /** How old a value may get, in milliseconds. */
  readonly reloadMsOf: (app: AppId) => number
  /** Told of the first failure of a row; what is known stays in use. */
  readonly onTrouble: (error: unknown) => void
}

interface Known<Value> {
  readonly value: Value
  /** When the last read began that succeeded, or ended that failed. */
  readonly atMs: number
  readonly isFailing: boolean
}

interface Look<Value> {
  readonly answer: Promise<Value>
  /** Whether somebody waited for it in vain. */
  isOverdue: boolean
}

/** Keeps values fresh, with one read of an app at a time; a failed one leaves what is known. */
export function keptFresh<Value>(options: KeptFreshOptions<Value>): KeptFresh<Value> {
  const { read, nowMs, reloadMsOf, onTrouble } = options
  const all = new Map<AppId, Known<Value>>()
  const looks = new Map<AppId, Look<Value>>()

  function look(app: AppId): Look<Value> {
    const underWay = looks.get(app)
    if (underWay !== undefined) return underWay
    const begun = { answer: readNow(app).finally(() => looks.delete(app)), isOverdue: false }
    looks.set(app, begun)
    return begun
  }

  async function readNow(app: AppId): Promise<Value> {
    const atMs = nowMs()
    try {
      const value = await read(app)
      all.set(app, { value, atMs, isFailing: false })
      return value
    } catch (error) {
      const known = all.get(app)
      if (known === undefined) throw error
      if (!known.isFailing) onTrouble(error)
      all.set(app, { ...known, atMs: nowMs(), isFailing: true })
      return known.value
    }
  }

  // A clock that was set back must not make old knowledge look fresh.
  const ageOf = ({ atMs }: Known<Value>): number => Math.abs(nowMs() - atMs)

  return {
    get(app) {
      const known = all.get(app)
      if (known === undefined) return look(app).answer
      const ageMs = ageOf(known)
      const reloadMs = reloadMsOf(app)
      if (ageMs < reloadMs * AHEAD_SHARE) return known.value
      const due = look(app)
      const agedMs = known.isFailing ? reloadMs * FAILURE_TIMES : reloadMs
      return ageMs < agedMs || due.isOverdue ? known.value : patiently(due, known.value)
    },
    getWithin(app, maxAgeMs) {
      const known = all.get(app)
      return known !== undefined && ageOf(known) < maxAgeMs ? known.value : look(app).answer
    },
    async reload(app) {
      // Should it fail, the next one says so.
      await looks.get(app)?.answer.catch(() => {})
      return look(app).answer
    },
  }
}

async function patiently<Value>(look: Look<Value>, known: Value): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>()
  const timer = setTimeout(() => {
    look.isOverdue = true
    resolve(known)
  }, PATIENCE_MS)
  look.answer.then(resolve, () => resolve(known))
  return promise.finally(() => clearTimeout(timer))
}
