import type { AppId, EpochMs, RecordKey, Store, StoredRecord } from '@pawl/core'
import { claimStore } from './claim-store.ts'
import { FORMER_KEY_KIND } from './former-keys.ts'
import { KEY_SET_MAX_AGE_SECONDS } from './key-ring.ts'
import { openSecretRing } from './master-secret.ts'
import { replaceFingerprint } from './secret-fingerprint.ts'
import type { SigningAlgorithm } from './signing-key.ts'
import {
  insertKey,
  type KeyFacts,
  opensKeyRecord,
  readKeyFacts,
  rewrapKeyRecord,
  SIGNING_KEY_KIND,
  SIGNING_KEY_KINDS,
  type SigningKeyKind,
} from './signing-key-records.ts'

/** What an operator sees of a signing key. */
export interface KeyListing extends KeyFacts {
  /** `signing-key`: it signs for the app; the others are for wires that need another nature. */
  readonly kind: SigningKeyKind
  /** Whether the secrets given open it; no core starts on a store with one that they do not. */
  readonly isOpenable: boolean
}

/** What it took to revoke a key. */
export type KeyRevocation = 'revoked' | 'unknown'

/** An operator's hands on the keys of a store; running cores follow within seconds. */
export interface KeyAdmin {
  /** The keys of an app, those that sign for it first, of one kind oldest first. */
  readonly list: (app: AppId) => Promise<readonly KeyListing[]>
  /**
   * Makes the next key now; it signs once every verifier can have seen it. The present one, a
   * static one too, goes when its last token is dead. Throws a `WrongSecretError` under a secret
   * that the store's cores could not open it with. `delayMs`: how long it is published before it
   * signs, if longer than that; pinned verifiers may need days.
   */
  readonly rotate: (
    app: AppId,
    order: {
      readonly algorithm: SigningAlgorithm
      readonly isTurning: boolean
      readonly nowMs: EpochMs
      readonly delayMs?: number
    },
  ) => Promise<{ readonly signsFromMs: EpochMs }>
  /**
   * Takes a key away: cores refuse its tokens within `KEY_RELOAD_MS`, verifiers within
   * `KEY_SET_MAX_AGE_SECONDS` more. Sessions live on by refreshing. A key that cannot be opened
   * goes as well.
   */
  readonly revoke: (app: AppId, kid: string) => Promise<KeyRevocation>
  /**
   * Seals every key in the store anew under the first secret, whatever app it is of. Returns how
   * many were changed. Throws a `WrongSecretError` unless the secret known so far is given too.
   */
  readonly rewrap: () => Promise<number>
}

/** How far clocks may be apart when a key is turned by hand, in milliseconds. */
const HANDOVER_SKEW_MS = 60_000
/** Records of one page of a walk. */
const WALK_PAGE = 500
/** How often a record that moved meanwhile is tried again. */
const ATTEMPTS_MAX = 8

/** Opens the key administration of a store. `secrets`: the first seals, all of them open. */
export function openKeyAdmin(store: Store, secrets: readonly string[]): KeyAdmin {
  const ring = openSecretRing(secrets)
  const recordsOf = async (app: AppId): Promise<readonly StoredRecord[]> => {
    const rows = SIGNING_KEY_KINDS.map((kind) => store.listRecords(kind, app))
    return (await Promise.all(rows)).flat()
  }

  async function rewrapRecord({ app, kind, id }: RecordKey): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const record = await store.findRecord({ kind, app, id })
      if (record === undefined || readKeyFacts(record).secretId === ring.sealing.id) return 0
      if (await rewrapKeyRecord(store, ring, record)) return 1
    }
    throw new Error(`the signing key ${id} of app ${app} keeps changing: try again`)
  }

  return {
    async list(app) {
      const records = await recordsOf(app)
      return records.map((record) => ({
        ...readKeyFacts(record),
        kind: record.kind as SigningKeyKind,
        isOpenable: opensKeyRecord(ring, record),
      }))
    },
    async rotate(app, { algorithm, isTurning, nowMs, delayMs = 0 }) {
      await claimStore(store, ring)
      const leastMs = KEY_SET_MAX_AGE_SECONDS * 1000 + HANDOVER_SKEW_MS
      const signsFromMs = (nowMs + Math.max(leastMs, delayMs)) as EpochMs
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const after = await store.listRecords(SIGNING_KEY_KIND, app)
        const order = { app, algorithm, isTurning, isByHand: true, nowMs, signsFromMs, after }
        if (await insertKey(store, ring, order)) return { signsFromMs }
      }
      throw new Error(`the signing keys of app ${app} keep changing: try again`)
    },
    async revoke(app, kid) {
      for (const record of await recordsOf(app)) {
        if (readKeyFacts(record).kid !== kid) continue
        return (await store.deleteRecord(record)) ? 'revoked' : 'unknown'
      }
      const former = { kind: FORMER_KEY_KIND, app, id: kid }
      return (await store.deleteRecord(former)) ? 'revoked' : 'unknown'
    },
    async rewrap() {
      await claimStore(store, ring)
      let changed = 0
      for (const record of await allKeys(store)) changed += await rewrapRecord(record)
      await replaceFingerprint(store, ring)
      return changed
    },
  }
}

/** The places of all signing keys: also of apps that only a program knows, or none any more. */
async function allKeys(store: Store): Promise<readonly RecordKey[]> {
  const kinds: readonly string[] = SIGNING_KEY_KINDS
  const keys: RecordKey[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['walkRecords']>> = await store.walkRecords(
      after,
      WALK_PAGE,
    )
    for (const { kind, app, id } of page.items)
      if (kinds.includes(kind)) keys.push({ kind, app, id })
    after = page.next
  } while (after !== null)
  return keys
}
