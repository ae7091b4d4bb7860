import type { DriverSettings, KeySet } from '@pawl/protocol'
import { importKey, type VerificationKey } from './import-key.ts'

/** All that local verification stands on: replaced as a whole, never changed. */
export interface Trust {
  readonly settings: DriverSettings
  readonly keys: ReadonlyMap<string, VerificationKey>
  /** Header texts of tokens that named one of the keys correctly: at most a few per key. */
  readonly headers: Map<string, VerificationKey>
  /** The one of them that was met last. */
  latest: { readonly text: string; readonly key: VerificationKey } | undefined
  /** What it was made of: equal texts mean that nothing has changed. */
  readonly source: string
}

/** Most keys of a set. */
const KEYS_MAX = 64

/**
 * Makes the trust of an answer of the core. Undefined if the set cannot be relied on: no usable
 * key, too many, or two of one name.
 */
export function makeTrust(settings: DriverSettings, keySet: KeySet): Trust | undefined {
  if (keySet.keys.length > KEYS_MAX) return undefined
  const names = new Set(keySet.keys.map((key) => key.kid))
  if (names.size !== keySet.keys.length) return undefined
  const keys = new Map<string, VerificationKey>()
  for (const jwk of keySet.keys) {
    const key = importKey(jwk)
    if (key !== undefined) keys.set(key.kid, key)
  }
  if (keys.size === 0) return undefined
  const source = JSON.stringify([settings, keySet.keys])
  return { settings, keys, headers: new Map(), latest: undefined, source }
}
