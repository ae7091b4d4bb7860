import type { RecordStore } from '@pawl/core'
import type { SecretRing } from './master-secret.ts'
import { randomBytes } from './random-pool.ts'

/** What tells one store from another, so that an empty or foreign one is noticed. */
const STORE_NAME_BYTES = 12
const KEY = { kind: 'master-secret', app: '*', id: 'fingerprint' } as const

/** A core was started with another master secret than the one its store was set up with. */
export class WrongSecretError extends Error {
  constructor(expectedId: string, givenIds: readonly string[]) {
    super(
      `this store was set up with the master secret ${expectedId}, but the core was given ` +
        `${givenIds.join(', ')}: start it with the original secret, or with an empty store`,
    )
    this.name = 'WrongSecretError'
  }
}

/**
 * Makes sure that the store knows one of these secrets: the first core of an empty store leaves
 * the fingerprint of its sealing secret; every later one must hold that secret, be it the sealing
 * one or an older one. Throws {@link WrongSecretError}.
 */
export async function matchSecret(store: RecordStore, secrets: SecretRing): Promise<void> {
  const { id, fingerprint } = secrets.sealing
  const name = randomBytes(STORE_NAME_BYTES).toString('base64url')
  if (await store.insertRecord(KEY, JSON.stringify({ id, fingerprint, store: name }))) return
  const stored = await readStoreMark(store)
  if (secrets.all.some((secret) => secret.fingerprint === stored?.fingerprint)) return
  throw new WrongSecretError(
    stored?.id ?? 'unknown',
    secrets.all.map((secret) => secret.id),
  )
}

/** What the first core of a store left in it. */
export interface StoreMark {
  /** Names the secret that a core needs to start. */
  readonly id?: string
  readonly fingerprint?: string
  /** The store's own name; undefined where an older core left the mark. */
  readonly store?: string
  /** Goes up when the secret is replaced. */
  readonly version: number
}

/** The mark of a store; undefined if it has none, as an empty one. */
export async function readStoreMark(store: RecordStore): Promise<StoreMark | undefined> {
  const record = await store.findRecord(KEY)
  if (record === undefined) return undefined
  return { ...(JSON.parse(record.value) as object), version: record.version }
}

/** Whether a core, or a command, has set the store up with a master secret. */
export async function knowsSecret(store: RecordStore): Promise<boolean> {
  return (await store.findRecord(KEY)) !== undefined
}

/**
 * Makes the sealing secret the one that the store knows: from then on a core needs it to start. The
 * secret known so far must be in the ring. Throws {@link WrongSecretError}.
 */
export async function replaceFingerprint(store: RecordStore, secrets: SecretRing): Promise<void> {
  await matchSecret(store, secrets)
  const record = await store.findRecord(KEY)
  if (record === undefined) return
  const { id, fingerprint } = secrets.sealing
  const { store: name } = JSON.parse(record.value) as { store?: string }
  const value = JSON.stringify({ id, fingerprint, store: name })
  if (record.value === value) return
  if (!(await store.replaceRecord(KEY, record.version, value))) {
    throw new Error('the fingerprint of the master secret changed meanwhile: try again')
  }
}
