import type { RecordStore } from '@pawl/core'
import type { SecretRing } from './master-secret.ts'

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
  if (await store.insertRecord(KEY, JSON.stringify({ id, fingerprint }))) return
  const record = await store.findRecord(KEY)
  const stored = JSON.parse(record?.value ?? '{}') as { id?: string; fingerprint?: string }
  if (secrets.all.some((secret) => secret.fingerprint === stored.fingerprint)) return
  throw new WrongSecretError(
    stored.id ?? 'unknown',
    secrets.all.map((secret) => secret.id),
  )
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
  const { id, fingerprint } = secrets.sealing
  const value = JSON.stringify({ id, fingerprint })
  if (record === undefined || record.value === value) return
  if (!(await store.replaceRecord(KEY, record.version, value))) {
    throw new Error('the fingerprint of the master secret changed meanwhile: try again')
  }
}
