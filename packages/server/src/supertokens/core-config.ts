import type { KeySettings } from '@pawl/core'

/** Settings of an app as this wire names them; numbers may be texts. */
export type CoreConfig = { readonly [name: string]: unknown }

/** What of them has a meaning here. */
export interface WireLives {
  readonly accessTtlSeconds: number
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
  readonly accessJitterShare: number
  /** The widest race window that access tokens of this life allow, in milliseconds. */
  readonly raceWindowMaxMs: number
  readonly isStrict: boolean
  /** How its keys turn; undefined: as the installation's do. */
  readonly turning: Pick<KeySettings, 'intervalMs' | 'publishAheadMs' | 'keptMs'> | undefined
}

/** What the configuration of this service says of the wire. */
export interface WireDefaults {
  readonly isStrict: boolean
  readonly allowsTestSettings: boolean
  readonly apiKeys: readonly string[]
  readonly accessTtlSeconds: number
  /** The longest life of an access token that the core allows. */
  readonly accessTtlMaxSeconds: number
  readonly accessJitterShare: number
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
}

/** What an app's settings mean, within our bounds, and what is wrong with them. */
export interface ReadConfig {
  readonly lives: WireLives
  /** One sentence each; empty if they may be stored. */
  readonly faults: readonly string[]
}

const HOUR_MS = 3_600_000
/** Shortest life of an access token without test settings, in seconds. */
const ACCESS_TTL_MIN_SECONDS = 60
/** Shortest interval of keys without test settings, in milliseconds. */
const INTERVAL_MIN_MS = 2 * HOUR_MS
/** Of an access token shorter than this, jitter would take whole seconds that it has not got. */
const JITTERED_FROM_SECONDS = 20
const JITTER_MAX = 0.25
const CLOCK_SKEW_MS = 60_000
const API_KEY = /^[A-Za-z0-9=-]{20,}$/

/**
 * Reads an app's settings. Those that mean nothing here are accepted, as are lives beyond our
 * bounds, which are cut down to them. What is stored is read again under a configuration that may
 * have changed: its faults stop nothing.
 */
export function readCoreConfig(given: CoreConfig, defaults: WireDefaults): ReadConfig {
  const faults: string[] = []
  const read = (name: string, fallback: number): number => {
    const value = given[name]
    if (value === undefined || value === null) return fallback
    const isNumeric =
      typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
    const number = isNumeric ? Number(value) : Number.NaN
    if (Number.isFinite(number) && number >= 0) return number
    faults.push(`'${name}' must be a positive number`)
    return fallback
  }
  const minTtl = defaults.allowsTestSettings ? 1 : ACCESS_TTL_MIN_SECONDS
  const asked = read('access_token_validity', defaults.accessTtlSeconds)
  if (asked < minTtl) faults.push(`'access_token_validity' must be at least ${minTtl} seconds`)
  const idle = Math.floor(read('refresh_token_validity', defaults.idleTimeoutSeconds / 60) * 60)
  if (idle < 2) faults.push("'refresh_token_validity' must be at least 2 seconds")
  // The rule needs two access lives in an idle period: the shorter wish wins.
  const idleTimeoutSeconds = Math.max(2, idle)
  const accessTtlSeconds = Math.max(
    1,
    Math.floor(
      Math.min(Math.max(asked, minTtl), defaults.accessTtlMaxSeconds, idleTimeoutSeconds / 2),
    ),
  )
  const jitter = read('access_token_validity_jitter', defaults.accessJitterShare)
  if (jitter > JITTER_MAX) faults.push(`'access_token_validity_jitter' must be 0 to ${JITTER_MAX}`)
  const accessJitterShare =
    accessTtlSeconds < JITTERED_FROM_SECONDS ? 0 : Math.min(jitter, JITTER_MAX)
  const turning = readTurning(given, { accessTtlSeconds, defaults, read, faults })
  const keyFault = faultOfKeys(given.api_keys)
  if (keyFault !== null) faults.push(keyFault)
  const lives = {
    ...{ accessTtlSeconds, idleTimeoutSeconds, accessJitterShare, turning },
    absoluteTimeoutSeconds: Math.max(defaults.absoluteTimeoutSeconds, idleTimeoutSeconds),
    raceWindowMaxMs: Math.floor((accessTtlSeconds * 1000 * (1 - accessJitterShare)) / 3),
    isStrict: isTrue(given.strict_rotation ?? given['compat.strictRotation']) ?? defaults.isStrict,
  }
  return { lives, faults }
}

function readTurning(
  given: CoreConfig,
  of: {
    readonly accessTtlSeconds: number
    readonly defaults: WireDefaults
    readonly read: (name: string, fallback: number) => number
    readonly faults: string[]
  },
): WireLives['turning'] {
  const { accessTtlSeconds, defaults, read, faults } = of
  const name =
    given.access_token_dynamic_signing_key_update_interval === undefined
      ? 'access_token_signing_key_update_interval'
      : 'access_token_dynamic_signing_key_update_interval'
  if (given[name] === undefined || given[name] === null) return undefined
  const intervalMs = read(name, 0) * HOUR_MS
  if (!defaults.allowsTestSettings) {
    if (intervalMs < HOUR_MS) faults.push(`'${name}' must be at least 1 hour`)
    const interval = Math.max(intervalMs, INTERVAL_MIN_MS)
    const keptMs = defaults.accessTtlMaxSeconds * 1000 + CLOCK_SKEW_MS
    return { intervalMs: interval, publishAheadMs: HOUR_MS, keptMs }
  }
  if (!(intervalMs >= 1_000)) faults.push(`'${name}' must be at least 1 second`)
  const isShort = intervalMs < INTERVAL_MIN_MS
  const publishAheadMs = isShort ? 0 : HOUR_MS
  return {
    intervalMs: Math.max(1_000, intervalMs),
    publishAheadMs,
    keptMs: 2 * accessTtlSeconds * 1000 + CLOCK_SKEW_MS,
  }
}

function faultOfKeys(keys: unknown): string | null {
  if (keys === undefined || keys === null) return null
  const isLegal =
    typeof keys === 'string' && keys.split(',').every((key) => API_KEY.test(key.trim()))
  return isLegal ? null : "'api_keys' must be texts of at least 20 of A-Z a-z 0-9 = -"
}

function isTrue(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}
