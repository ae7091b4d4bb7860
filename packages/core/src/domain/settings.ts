import type { AssuranceLevel } from '@pawl/protocol'
import { capLifetimes } from './lifetimes.ts'

/** The parameters of the rule. All times in milliseconds. */
export interface RotationSettings {
  /**
   * `W`, the race window: longer than any exchange between client and core plus the cores' clock
   * skew. Default 60 000; 0 turns rows 3 and 4 of the rule off (the strict rule).
   */
  readonly raceWindowMs: number
  /**
   * `D`, the settling time: a use of a grant younger than this does not yet prove that the grant
   * reached the client's store. Default `2 W + 30 000`.
   */
  readonly settlingMs: number
}

/** Who retires a parent: the first settled use, or only the next refresh. */
export type ConfirmMode = 'on-use' | 'on-refresh'

/** Default race window, in milliseconds. */
export const DEFAULT_RACE_WINDOW_MS = 60_000
/** What the settling time adds to two race windows, in milliseconds. */
export const SETTLING_MARGIN_MS = 30_000

/** The settings of the rule for a race window (milliseconds). */
export function rotationSettings(raceWindowMs: number = DEFAULT_RACE_WINDOW_MS): RotationSettings {
  return { raceWindowMs, settlingMs: 2 * raceWindowMs + SETTLING_MARGIN_MS }
}

/** Everything the rules need to know of one app. */
export interface AppSettings {
  readonly rotation: RotationSettings
  readonly confirm: ConfirmMode
  /** `iss` of access tokens. */
  readonly issuer: string
  /** `aud` of access tokens. */
  readonly audience: string
  /** Life of an access token in seconds; default 900. */
  readonly accessTtlSeconds: number
  /** What access tokens are unless a session says otherwise; default `jwt`. */
  readonly accessKind: 'jwt' | 'opaque'
  /** Idle timeout in seconds; default 14 days. */
  readonly idleTimeoutSeconds: number
  /** Absolute lifetime in seconds; default 90 days. */
  readonly absoluteTimeoutSeconds: number
  /** The level whose lifetimes cap all others; null (the default) caps nothing. */
  readonly assurance: AssuranceLevel | null
  /**
   * The share of its life by which an access token may be shortened at random, so that clients do
   * not refresh in step; 0 to 0.25, default 0.05. It never lengthens a life.
   */
  readonly accessJitterShare: number
  /** How many live sessions a user may have in a tenant; null (the default) sets no limit. */
  readonly sessionLimit: SessionLimit | null
}

/** How many live sessions a user may have, and what a log-in beyond that does. */
export interface SessionLimit {
  /** 1 to 1 000. */
  readonly max: number
  readonly policy: 'refuse' | 'end-oldest'
}

/** The most sessions a limit may allow. */
export const SESSION_LIMIT_MAX = 1_000
/** The largest jitter of access tokens, as a share of their life. */
export const ACCESS_JITTER_MAX_SHARE = 0.25
/** Default jitter of access tokens, as a share of their life. */
export const ACCESS_JITTER_SHARE = 0.05

/** Defaults of an app, in seconds. */
export const DEFAULT_LIFETIMES = {
  accessTtlSeconds: 900,
  idleTimeoutSeconds: 14 * 86_400,
  absoluteTimeoutSeconds: 90 * 86_400,
} as const

/** Longest life of an access token, in seconds: one hour. */
export const ACCESS_TTL_MAX_SECONDS = 3_600

/** The settings of an app from defaults and what differs; its level caps the lifetimes. */
export function appSettings(overrides: Partial<AppSettings> = {}): AppSettings {
  const settings: AppSettings = {
    rotation: rotationSettings(),
    confirm: 'on-use',
    issuer: 'pawl',
    audience: 'default',
    accessKind: 'jwt',
    accessJitterShare: ACCESS_JITTER_SHARE,
    assurance: null,
    sessionLimit: null,
    ...DEFAULT_LIFETIMES,
    ...overrides,
  }
  return capLifetimes(settings, settings.assurance)
}

/**
 * What is wrong with settings, one sentence per fault; empty if they are legal. The race window is
 * at most a third of the access token's life, which exceeds two race windows; the idle timeout is
 * at least two access lives; nothing outlives the absolute lifetime.
 */
export function faultsOf(settings: AppSettings): readonly string[] {
  const { rotation, accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds } = settings
  const { accessJitterShare, sessionLimit } = settings
  const faults: string[] = []
  const accessTtlMs = Math.floor(accessTtlSeconds * 1000 * (1 - accessJitterShare))
  if (!(accessJitterShare >= 0 && accessJitterShare <= ACCESS_JITTER_MAX_SHARE)) {
    faults.push(`the jitter of access tokens must be 0 to ${ACCESS_JITTER_MAX_SHARE}`)
  }
  if (sessionLimit !== null && !(sessionLimit.max >= 1 && sessionLimit.max <= SESSION_LIMIT_MAX)) {
    faults.push(`the session limit must be 1 to ${SESSION_LIMIT_MAX}`)
  }
  if (rotation.raceWindowMs * 3 > accessTtlMs) {
    faults.push(
      `the race window (${rotation.raceWindowMs} ms) must be at most a third of the access token's life (${accessTtlMs} ms)`,
    )
  }
  if (accessTtlSeconds > ACCESS_TTL_MAX_SECONDS) {
    faults.push(`the access token's life must be at most ${ACCESS_TTL_MAX_SECONDS} s`)
  }
  if (idleTimeoutSeconds < 2 * accessTtlSeconds) {
    faults.push(
      `the idle timeout (${idleTimeoutSeconds} s) must be at least twice the access token's life (${accessTtlSeconds} s)`,
    )
  }
  if (idleTimeoutSeconds > absoluteTimeoutSeconds) {
    faults.push(
      `the idle timeout (${idleTimeoutSeconds} s) must not exceed the absolute lifetime (${absoluteTimeoutSeconds} s)`,
    )
  }
  return faults
}
