import { type Outcome, ok, type Refusal, refuse } from '@pawl/protocol'
import type { CoreCalls, NowMs, ReportFault } from '../ports.ts'
import { makeTrust, type Trust } from './trust.ts'

/** Shortest and longest time a set of keys is used before the core is asked again, in seconds. */
const MAX_AGE_MIN_SECONDS = 30
const MAX_AGE_MAX_SECONDS = 86_400
/** The same if the core does not say. */
const MAX_AGE_DEFAULT_SECONDS = 300
/** After a failed or fruitless look-up the core is left alone for so long. */
const KEYS_COOL_DOWN_MS = 30_000
/** The same while there are no keys at all. */
const FIRST_KEYS_COOL_DOWN_MS = 1_000

/** The keys and settings of the core, held on to. */
export interface TrustCache {
  /** The last good answer; undefined before the first. */
  readonly current: Trust | undefined
  /** When the last good answer was asked for, ms since the epoch; -Infinity before the first. */
  readonly askedAtMs: number
  /** To be called on every use: asks again in the background once the answer has aged. */
  touch(nowMs: number): void
  /** The current trust, or the first one as soon as the core has answered. */
  load(): Promise<Outcome<Trust>>
  /**
   * Looks whether the core has new keys: one look-up at a time, at most one per cool-down. Refused
   * as `unavailable` only if the last look-up failed, so that the question is open.
   */
  lookAgain(): Promise<Outcome<Trust>>
}

/** What the cache needs. */
export interface TrustCacheDeps {
  readonly core: Pick<CoreCalls, 'getKeys' | 'getSettings'>
  readonly nowMs: NowMs
  readonly reportFault: ReportFault
}

/**
 * Keeps keys and settings of the core: honours the age the core states, asks again in the
 * background (stale-while-revalidate), and keeps the last good set through any outage and any
 * unusable answer.
 */
export function makeTrustCache(deps: TrustCacheDeps): TrustCache {
  let current: Trust | undefined
  let pending: Promise<Outcome<Trust>> | undefined
  let staleAtMs = Number.NEGATIVE_INFINITY
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let lastFailure: Refusal | undefined
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let askedAtMs = Number.NEGATIVE_INFINITY

  async function lookUp(): Promise<Outcome<Trust>> {
    const nowMs = deps.nowMs()
    const answer = await askCore(deps)
    pending = undefined
    if (answer.kind === 'ok') {
      const { trust, maxAgeMs } = answer.value
      staleAtMs = deps.nowMs() + maxAgeMs
      askedAtMs = nowMs
      lastFailure = undefined
      if (current?.source !== trust.source) current = trust
      return ok(current)
    }
    lastFailure = refuse('unavailable', undefined, { retryAfterSeconds: 2 })
    const coolDownMs = current === undefined ? FIRST_KEYS_COOL_DOWN_MS : KEYS_COOL_DOWN_MS
    staleAtMs = deps.nowMs() + coolDownMs
    quietUntilMs = staleAtMs
    deps.reportFault({ where: 'keys', message: `no new keys: ${answer.code} (${answer.detail})` })
    return lastFailure
  }

  function lookUpOnce(): Promise<Outcome<Trust>> {
    if (pending === undefined) lookedAtMs = deps.nowMs()
    pending ??= lookUp()
    return pending
  }

  /** A core that was heard may have set the time back. */
  function isQuiet(nowMs: number): boolean {
    return nowMs < quietUntilMs && nowMs >= lookedAtMs
  }

  return {
    get current() {
      return current
    },
    get askedAtMs() {
      return askedAtMs
    },
    touch: (nowMs) => {
      // A core that was heard may have set the time back.
      const isDue = nowMs >= staleAtMs || nowMs < lookedAtMs
      if (isDue && pending === undefined) void lookUpOnce()
    },
    load: async () => {
      if (current !== undefined) return ok(current)
      if (pending === undefined && isQuiet(deps.nowMs()) && lastFailure !== undefined) {
        return lastFailure
      }
      return lookUpOnce()
    },
    lookAgain: async () => {
      if (pending !== undefined) return pending
      const nowMs = deps.nowMs()
      if (isQuiet(nowMs))
        return lastFailure ?? (current === undefined ? refuse('unavailable') : ok(current))
      quietUntilMs = nowMs + KEYS_COOL_DOWN_MS
      return lookUpOnce()
    },
  }
}

type Answer = Outcome<{ readonly trust: Trust; readonly maxAgeMs: number }>

/** What the core says now, and how long that may be used. */
async function askCore({ core, reportFault }: TrustCacheDeps): Promise<Answer> {
  try {
    const [keys, settings] = await Promise.all([core.getKeys({}), core.getSettings({})])
    if (keys.kind === 'refused') return keys
    if (settings.kind === 'refused') return settings
    const trust = makeTrust(settings.value, keys.value)
    if (trust === undefined) return refuse('unavailable', 'the core sent no usable keys')
    const { maxAgeSeconds = MAX_AGE_DEFAULT_SECONDS } = keys.value
    const ageSeconds = Math.min(Math.max(maxAgeSeconds, MAX_AGE_MIN_SECONDS), MAX_AGE_MAX_SECONDS)
    return ok({ trust, maxAgeMs: ageSeconds * 1000 })
  } catch (cause) {
    reportFault({ where: 'keys', message: 'looking up the keys failed', cause })
    return refuse('unavailable')
  }
}
