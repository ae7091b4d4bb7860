import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { type HonestClient, logIn, refreshOnce } from './honest-client.ts'

/** How much is asked of the cores. */
export interface LoadOptions {
  /** The cores. A client goes on to the next one when an answer fails. */
  readonly urls: readonly string[]
  readonly clients: number
  /** Each client refreshes once in this time. */
  readonly periodMs: number
}

/** Honest clients that refresh, and what they met. */
export interface Load {
  readonly clients: readonly HonestClient[]
  /** Refreshes that were acknowledged so far. */
  readonly acknowledged: () => number
  /** Answers that were lost or put off so far. */
  readonly failed: () => number
  /** Acknowledged refreshes a second, from the first to now. */
  readonly perSecond: () => number
  /** Resolves once the condition holds, which is looked at after every answer. */
  readonly until: (what: string, condition: () => boolean) => Promise<void>
  /** How long after `sinceMs` a refresh sent later was acknowledged: to the first, and to all. */
  readonly recovery: (sinceMs: number) => Promise<Recovery>
  /** Lets everybody finish what they are at. Idempotent. */
  readonly stop: () => Promise<void>
}

/** How long it took until clients were served again, in milliseconds. */
export interface Recovery {
  readonly firstMs: number
  readonly allMs: number
}

/** Pauses of a client whose answer failed: twice as long each time, up to the last. */
const RETRY_PAUSES_MS = [25, 50, 100, 200, 400]
/** A condition that does not come to hold in this time never will. */
const CONDITION_MAX_MS = 90_000
const LOG_INS_AT_ONCE = 16

/** Logs the clients in and lets them refresh, spread evenly over the period. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { urls, periodMs } = options
  const clients = await logInAll(urls, options.clients)
  const watch = watchers()
  const startedAtMs = performance.now()
  const counts = { acknowledged: 0, failed: 0 }
  let isRunning = true

  async function live(client: HonestClient, index: number): Promise<void> {
    let turnMs = performance.now() + (periodMs * index) / clients.length
    let core = index
    let failures = 0
    await delay((periodMs * index) / clients.length)
    while (isRunning && client.complaint === undefined) {
      const isServed = await refreshOnce(urls[core % urls.length] ?? '', client)
      counts[isServed ? 'acknowledged' : 'failed'] += 1
      watch.look()
      failures = isServed ? 0 : failures + 1
      if (!isServed) core += 1
      turnMs = Math.max(turnMs + periodMs, performance.now())
      const pauseMs = isServed ? turnMs - performance.now() : pauseAfter(failures)
      if (isRunning) await delay(Math.max(pauseMs, 0))
    }
  }

  const lives = Promise.all(clients.map(live))
  const servedSince = (sinceMs: number) =>
    clients.filter(({ servedAtMs }) => servedAtMs >= sinceMs).length
  const until: Load['until'] = (what, condition) =>
    watch.until(what, () => {
      const complaint = clients.find((client) => client.complaint !== undefined)?.complaint
      assert.equal(complaint, undefined, `while waiting for: ${what}`)
      return condition()
    })
  return {
    clients,
    acknowledged: () => counts.acknowledged,
    failed: () => counts.failed,
    perSecond: () => (counts.acknowledged * 1000) / (performance.now() - startedAtMs),
    until,
    recovery: async (sinceMs) => {
      await until('a refresh to be acknowledged', () => servedSince(sinceMs) > 0)
      const firstMs = performance.now() - sinceMs
      await until('everybody to be served', () => servedSince(sinceMs) === clients.length)
      return { firstMs, allMs: performance.now() - sinceMs }
    },
    stop: async () => {
      isRunning = false
      await lives
    },
  }
}

function pauseAfter(failures: number): number {
  return RETRY_PAUSES_MS[Math.min(failures, RETRY_PAUSES_MS.length) - 1] ?? 0
}

async function logInAll(urls: readonly string[], count: number): Promise<HonestClient[]> {
  const clients: HonestClient[] = []
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(LOG_INS_AT_ONCE, count - clients.length) })
    const first = clients.length
    const arrived = await Promise.all(
      batch.map((_, index) => logIn(urls[index % urls.length] ?? '', `user-${first + index}`)),
    )
    for (const client of arrived) {
      assert.ok(client, 'a log-in failed before there was any trouble')
      clients.push(client)
    }
  }
  return clients
}

/** Conditions that are looked at whenever something happened. */
function watchers() {
  const waiting = new Set<() => void>()
  return {
    look: () => {
      for (const check of waiting) check()
    },
    until: async (what: string, condition: () => boolean): Promise<void> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const check = () => {
        try {
          if (condition()) resolve()
        } catch (error) {
          reject(error)
        }
      }
      const timer = setTimeout(
        () => reject(new Error(`waited in vain for ${what}`)),
        CONDITION_MAX_MS,
      )
      waiting.add(check)
      check()
      await promise.finally(() => {
        waiting.delete(check)
        clearTimeout(timer)
      })
    },
  }
}
