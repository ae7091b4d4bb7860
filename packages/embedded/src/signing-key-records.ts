import type { AppId, EpochMs, RecordStore, StoredRecord } from '@pawl/core'
import { StoreError } from '@pawl/core'
import { decodeBase64url } from './base64url.ts'
import type { SecretRing } from './master-secret.ts'
import { randomBytes } from './random-pool.ts'
import { seal, unseal } from './seal.ts'
import {
  generatePrivateKey,
  KID_PREFIX,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type SigningKey,
  signingKey,
} from './signing-key.ts'

/** The kind of a signing key's record. */
export const SIGNING_KEY_KIND = 'signing-key'
/**
 * All kinds of such records. Beside the keys that sign for an app by its settings, some wires need
 * a turning one, a static one or an RSA one whatever the settings say; each is a row of its own.
 */
export const SIGNING_KEY_KINDS = [SIGNING_KEY_KIND, 'turning-key', 'static-key', 'rsa-key'] as const

/** The row that a signing key belongs to. */
export type SigningKeyKind = (typeof SIGNING_KEY_KINDS)[number]
/** 8 bytes are 11 base64url characters. */
const KID_BYTES = 8
/** Digits of a record's id, so that byte order is the order of making. */
const SEQUENCE_DIGITS = 6

/** What the record of a signing key holds; the private key is sealed. */
interface KeyRecord {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly createdAtMs: number
  readonly signsFromMs: number
  /** Whether an operator asked for it; left out for no. */
  readonly isByHand?: boolean
  /** `<secretId>.<base64url of the sealed PKCS #8>`; bound to app, kid and purpose. */
  readonly sealed: string
}

/** A signing key and the record it came from. */
export interface StoredKey {
  readonly key: SigningKey
  readonly record: StoredRecord
}

/** What a new key is made for. */
export interface KeyOrder {
  readonly app: AppId
  /** Default: the keys that sign for the app by its settings. */
  readonly kind?: SigningKeyKind
  readonly algorithm: SigningAlgorithm
  readonly isTurning: boolean
  readonly nowMs: EpochMs
  readonly signsFromMs: EpochMs
  /** Whether an operator asks for it, so that it may take the place of a static one. */
  readonly isByHand: boolean
}

/**
 * Makes a key in the place after the newest one. Of several cores that do so at once, one makes it;
 * the others must read again. True if this call made it.
 */
export async function insertKey(
  store: RecordStore,
  secrets: SecretRing,
  order: KeyOrder & { readonly after: readonly StoredRecord[] },
): Promise<boolean> {
  const { app, after, kind = SIGNING_KEY_KIND } = order
  const sequence = Math.max(0, ...after.map((record) => Number(record.id) || 0)) + 1
  const id = String(sequence).padStart(SEQUENCE_DIGITS, '0')
  const pkcs8 = await generatePrivateKey(order.algorithm)
  const prefix = order.isTurning ? KID_PREFIX.turning : KID_PREFIX.static
  const kid = `${prefix}${randomBytes(KID_BYTES).toString('base64url')}`
  const value: KeyRecord = {
    kid,
    alg: order.algorithm,
    createdAtMs: order.nowMs,
    signsFromMs: order.signsFromMs,
    ...(order.isByHand ? { isByHand: true } : {}),
    sealed: sealKey(secrets, pkcs8, contextOf(app, kid)),
  }
  pkcs8.fill(0)
  return store.insertRecord({ kind, app, id }, JSON.stringify(value))
}

/**
 * Opens a key's record. Throws `StoreError('corrupt')` for one that cannot be opened: changed,
 * moved to another app or key, or sealed under a master secret that this core does not hold.
 */
export function openKeyRecord(secrets: SecretRing, record: StoredRecord): SigningKey {
  const { kid, alg, createdAtMs, signsFromMs, isByHand = false, sealed } = parseKeyRecord(record)
  const pkcs8 = unsealKey(secrets, sealed, contextOf(record.app as AppId, kid))
  if (pkcs8 === undefined) throw corrupt(record)
  const facts = { kid, algorithm: alg, isByHand }
  try {
    return signingKey(
      { ...facts, createdAtMs: createdAtMs as EpochMs, signsFromMs: signsFromMs as EpochMs },
      pkcs8,
    )
  } catch (cause) {
    throw corrupt(record, cause)
  } finally {
    pkcs8.fill(0)
  }
}

/** What anybody who reads the store sees of a signing key: not its private half. */
export interface KeyFacts {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly isTurning: boolean
  readonly createdAtMs: EpochMs
  readonly signsFromMs: EpochMs
  /** The id of the master secret it is sealed under. */
  readonly secretId: string
}

/**
 * Reads a key's record without opening it: what it says is not proved. Throws
 * `StoreError('corrupt')` for one that is none.
 */
export function readKeyFacts(record: StoredRecord): KeyFacts {
  const { kid, alg: algorithm, createdAtMs, signsFromMs, sealed } = parseKeyRecord(record)
  return {
    kid,
    algorithm,
    isTurning: kid.startsWith(KID_PREFIX.turning),
    createdAtMs: createdAtMs as EpochMs,
    signsFromMs: signsFromMs as EpochMs,
    secretId: sealed.split('.')[0] ?? '',
  }
}

/** Whether {@link openKeyRecord} would open the record with these secrets. */
export function opensKeyRecord(secrets: SecretRing, record: StoredRecord): boolean {
  try {
    openKeyRecord(secrets, record)
    return true
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'corrupt') return false
    throw error
  }
}

/**
 * Seals a key's record anew under the sealing secret; false if another call changed it meanwhile.
 * True also for one that is sealed under it already.
 */
export async function rewrapKeyRecord(
  store: RecordStore,
  secrets: SecretRing,
  record: StoredRecord,
): Promise<boolean> {
  const value = parseKeyRecord(record)
  if (value.sealed.startsWith(`${secrets.sealing.id}.`)) return true
  const context = contextOf(record.app as AppId, value.kid)
  const pkcs8 = unsealKey(secrets, value.sealed, context)
  if (pkcs8 === undefined) throw corrupt(record)
  const sealed = sealKey(secrets, pkcs8, context)
  pkcs8.fill(0)
  return store.replaceRecord(record, record.version, JSON.stringify({ ...value, sealed }))
}

function sealKey(secrets: SecretRing, pkcs8: Buffer, context: string): string {
  const { id, keyFor } = secrets.sealing
  return `${id}.${seal(keyFor('signingKeyAtRest'), pkcs8, context).toString('base64url')}`
}

function unsealKey(secrets: SecretRing, sealed: string, context: string): Buffer | undefined {
  const [secretId = '', text = ''] = sealed.split('.')
  const secret = secrets.find(secretId)
  const bytes = decodeBase64url(text)
  return secret && bytes && unseal(secret.keyFor('signingKeyAtRest'), bytes, context)
}

function parseKeyRecord(record: StoredRecord): KeyRecord {
  let value: Partial<KeyRecord> | null
  try {
    value = JSON.parse(record.value) as Partial<KeyRecord> | null
  } catch (cause) {
    throw corrupt(record, cause)
  }
  const { kid, alg, createdAtMs, signsFromMs = createdAtMs, isByHand, sealed } = value ?? {}
  const isKnown = alg !== undefined && SIGNING_ALGORITHMS.includes(alg)
  if (!kid || !isKnown || createdAtMs === undefined || signsFromMs === undefined || !sealed) {
    throw corrupt(record)
  }
  const mark = isByHand === true ? { isByHand } : {}
  return { kid, alg, createdAtMs, signsFromMs, ...mark, sealed }
}

function contextOf(app: AppId, kid: string): string {
  return `${app}|${kid}|${SIGNING_KEY_KIND}`
}

function corrupt(record: StoredRecord, cause?: unknown): StoreError {
  const message = `the signing key ${record.id} of app ${record.app} cannot be opened`
  return new StoreError('corrupt', message, { cause })
}
