import { RECORDS_MAX, type RecordStore, StoreError } from '@pawl/core'
import { takeTurns } from '@pawl/embedded'
import { type ApiKey, apiKeyFinder, type KeyFinder } from './api-keys.ts'
import { apiKeyReader, type ReadApiKey } from './stored-api-keys.ts'

/** A key that was created or revoked counts everywhere after this long, in milliseconds. */
export const API_KEYS_KNOWN_WITHIN_MS = 5_000
const LOOK_INTERVAL_MS = 2_000

/** The keys of the configuration and of the store, as they are now. */
export interface KeyDirectory {
  /** Whether callers need a key at all: from the first one on, even if all are revoked. */
  readonly isKeyed: () => boolean
  readonly find: KeyFinder
  /** Reads the stored keys now: a reading that began before does not count. */
  readonly reload: () => Promise<void>
  readonly close: () => void
}

/**
 * Opens the directory: reads the stored keys once, then every two seconds in the background. While
 * the store cannot be read, what is known stays in use; the first failure of a row is reported, and
 * once each record that cannot be read. One reading at a time: none undoes what a later one found.
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
  let isLooking = false
  const readKeys = apiKeyReader(store)
  const report = reporter(onTrouble)

  const readInTurn = takeTurns(async () => {
    const read = await readKeys()
    const usable = read.flatMap((one) => (one.kind === 'key' ? (one.key ?? []) : []))
    // A key of the configuration goes before a stored one with its id.
    find = apiKeyFinder([...usable, ...configured])
    isKeyed = configured.length > 0 || read.length > 0
    report(read)
  })
  const reload = (): Promise<void> => readInTurn(true)

  function lookInBackground(): void {
    if (isLooking) return
    isLooking = true
    reload()
      .then(
        () => {
          isFailing = false
        },
        (error: unknown) => {
          if (!isFailing) onTrouble(error)
          isFailing = true
        },
      )
      .finally(() => {
        isLooking = false
      })
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

/** Tells once of each record that cannot be read, and of more keys than are read. */
function reporter(onTrouble: (error: unknown) => void): (read: readonly ReadApiKey[]) => void {
  let told: ReadonlySet<string> = new Set()
  return (read) => {
    const faults = read.flatMap((one) => (one.kind === 'unreadable' ? [sentenceOf(one.id)] : []))
    if (read.length >= RECORDS_MAX) {
      faults.push(`there are more API keys than the ${RECORDS_MAX} that count: pawl apikey prune`)
    }
    for (const fault of faults) if (!told.has(fault)) onTrouble(new StoreError('corrupt', fault))
    told = new Set(faults)
  }
}

function sentenceOf(id: string): string {
  return `the API key ${id} cannot be read and lets nobody in: pawl apikey revoke ${id}`
}
