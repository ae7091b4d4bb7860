import { ACCESS_TTL_MAX_SECONDS, type AppId, type KeySettings } from '@pawl/core'
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signing-key.ts'

/** How access tokens are signed, and how the keys turn. */
export interface SigningOptions {
  /**
   * Default `ES256`. Of an app that has a key already, the next one has it: when the present one
   * turns, or when `KeyAdmin.rotate` makes it. Tokens of the old one stay good.
   */
  readonly algorithm?: SigningAlgorithm
  /**
   * `turning` (default), or `static`: one key that signs until somebody turns it. An app that has
   * a key already keeps to its kind until `KeyAdmin.rotate` makes one of the other.
   */
  readonly keys?: 'turning' | 'static'
  /** How long a turning key signs, in seconds: two hours to a year, default seven days. */
  readonly keyIntervalSeconds?: number
  /** What differs for an app, asked at each look at its keys; must answer at once. */
  readonly turningOf?: (
    app: AppId,
  ) => Partial<Pick<KeySettings, 'intervalMs' | 'publishAheadMs' | 'keptMs'>> | undefined
}

/** Default time a key signs, in seconds: seven days. */
export const KEY_INTERVAL_SECONDS = 7 * 86_400
/** Bounds of the time a key signs, in seconds. */
export const KEY_INTERVAL_RANGE_SECONDS = [7_200, 366 * 86_400] as const
/**
 * A key is published this long before it signs, in milliseconds; verifiers survive as long alone.
 */
const PUBLISH_AHEAD_MS = 3_600_000
/** How far clocks may be apart, in milliseconds. */
const CLOCK_SKEW_MS = 60_000

/** The settings of the turning of keys. Throws for options out of range, with a sentence. */
export function keySettings(options: SigningOptions = {}): KeySettings<SigningAlgorithm> {
  const { algorithm = 'ES256', keys = 'turning' } = options
  const { keyIntervalSeconds = KEY_INTERVAL_SECONDS } = options
  const [minSeconds, maxSeconds] = KEY_INTERVAL_RANGE_SECONDS
  if (!SIGNING_ALGORITHMS.includes(algorithm)) {
    throw new Error(`the signing algorithm must be one of ${SIGNING_ALGORITHMS.join(', ')}`)
  }
  if (!(keyIntervalSeconds >= minSeconds && keyIntervalSeconds <= maxSeconds)) {
    throw new Error(`a signing key must sign for ${minSeconds} to ${maxSeconds} seconds`)
  }
  return {
    algorithm,
    isTurning: keys === 'turning',
    intervalMs: keyIntervalSeconds * 1000,
    publishAheadMs: PUBLISH_AHEAD_MS,
    keptMs: ACCESS_TTL_MAX_SECONDS * 1000 + CLOCK_SKEW_MS,
  }
}
