import type { RecordStore } from '@pawl/core'
import { type ApiKey, apiKeyFinder, type KeyFinder } from './api-keys.ts'
import { apiKeyOf, listApiKeys } from './stored-api-keys.ts'

/** A key that was created or revoked counts everywhere after this long, in milliseconds. */
export const API_KEYS_KNOWN_WITHIN_MS = 5_000
const LOOK_INTERVAL_MS = 2_000

/** The keys of the configuration and of the store, as they are now. */
export interface KeyDirectory {
  /** Whether callers need a key at all: from the first one on, even if all are revoked. */
  readonly isKeyed: () => boolean
  readonly find: KeyFinder
  /** Reads the stored keys now. */
  readonly reload: () => Promise<void>
  readonly close: () => void
}

/**
 * Opens the directory: reads the stored keys once, then every two seconds in the background. While
 * the store cannot be read, what is known stays in use; the first failure of a row is reported.
 */
export async function openKeyDirectory(options: {
  readonly store: RecordStore
  readonly configured: readonly ApiKey[]
  readonly onTrouble: (error: unknown) => void
}): Promise<KeyDirectory> {
  const { store, configured, onTrouble } = options
  let find: KeyFinder = apiKeyFinder(configured)
  let isKeyed = configured.length > 0
  let isFailing = false

  async function reload(): Promise<void> {
    const stored = await listApiKeys(store)
    const usable = stored.flatMap((one) => apiKeyOf(one) ?? [])
    // A key of the configuration goes before a stored one with its id.
    find = apiKeyFinder([...usable, ...configured])
    isKeyed = configured.length > 0 || stored.length > 0
  }

  function lookInBackground(): void {
    reload().then(
      () => {
        isFailing = false
      },
      (error: unknown) => {
        if (!isFailing) onTrouble(error)
        isFailing = true
      },
    )
  }

  await reload()
  const timer = setInterval(lookInBackground, LOOK_INTERVAL_MS).unref()
  return {
    isKeyed: () => isKeyed,
    find: (presented, nowMs) => find(presented, nowMs),
    reload,
    close: () => clearInterval(timer),
  }
}
