import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { AppId, EpochMs, RecordStore, StoredRecord } from '@pawl/core'
import { StoreError } from '@pawl/core'
import { ACCESS_TOKEN_TYP } from '@pawl/protocol'
import { decodeBase64url } from './base64url.ts'
import type { SecretRing } from './master-secret.ts'
import { randomBytes } from './random-pool.ts'
import { seal, unseal } from './seal.ts'

const KIND = 'signing-key'
const ALGORITHM = 'ES256'
/** `d-` and 8 bytes (11 base64url characters). */
const KID_BYTES = 8
/** A signature of ES256 is r | s (RFC 7518 section 3.4). */
const SIGNATURE_ENCODING = 'ieee-p1363'
/** Digits of a record's id, so that byte order is the order of making. */
const SEQUENCE_DIGITS = 6
/** The first key's place: whoever inserts it first makes the key, all others read it back. */
const FIRST_SEQUENCE = 1

const generateKeyPairAsync = promisify(generateKeyPair)

/** A key that signs access tokens of one app. */
export interface SigningKey {
  /** 13 characters, random. */
  readonly kid: string
  /** The JOSE header of every token signed with it, as it stands in the token. */
  readonly header: string
  readonly createdAtMs: EpochMs
  readonly jwk: { readonly kty: string; readonly kid: string; readonly alg: string; use: string }
  /** Signs in the thread pool: the event loop goes on meanwhile. */
  readonly sign: (data: string) => Promise<Buffer>
  readonly verify: (data: string, signature: Buffer) => boolean
}

/** What the record of a signing key holds; the private key is sealed. */
interface KeyRecord {
  readonly kid: string
  readonly alg: typeof ALGORITHM
  readonly createdAtMs: number
  /** `<secretId>.<base64url of the sealed PKCS #8>`; bound to app, kid and purpose. */
  readonly sealed: string
}

/**
 * The signing keys of an app, oldest first; makes the first one if there is none. However many
 * cores start at once, exactly one key is made. Throws `StoreError('corrupt')` for a record that
 * cannot be opened: changed, moved to another app or key, or sealed under another master secret.
 */
export async function loadSigningKeys(
  store: RecordStore,
  secrets: SecretRing,
  of: { readonly app: AppId; readonly nowMs: EpochMs },
): Promise<readonly SigningKey[]> {
  let records = await store.listRecords(KIND, of.app)
  if (records.length === 0) {
    const id = String(FIRST_SEQUENCE).padStart(SEQUENCE_DIGITS, '0')
    const value = JSON.stringify(await makeKeyRecord(secrets, of))
    await store.insertRecord({ kind: KIND, app: of.app, id }, value)
    records = await store.listRecords(KIND, of.app)
  }
  return records.map((record) => openKeyRecord(secrets, record))
}

async function makeKeyRecord(
  secrets: SecretRing,
  of: { readonly app: AppId; readonly nowMs: EpochMs },
): Promise<KeyRecord> {
  const { privateKey } = await generateKeyPairAsync('ec', { namedCurve: 'P-256' })
  const kid = `d-${randomBytes(KID_BYTES).toString('base64url')}`
  const { id, keyFor } = secrets.sealing
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const sealed = seal(keyFor('signingKeyAtRest'), pkcs8, contextOf(of.app, kid))
  pkcs8.fill(0)
  const createdAtMs = of.nowMs
  return { kid, alg: ALGORITHM, createdAtMs, sealed: `${id}.${sealed.toString('base64url')}` }
}

function openKeyRecord(secrets: SecretRing, record: StoredRecord): SigningKey {
  const { kid, alg, createdAtMs, sealed } = parseKeyRecord(record)
  const [secretId = '', text = ''] = sealed.split('.')
  const secret = secrets.find(secretId)
  const bytes = decodeBase64url(text)
  const context = contextOf(record.app as AppId, kid)
  const pkcs8 = secret && bytes && unseal(secret.keyFor('signingKeyAtRest'), bytes, context)
  if (pkcs8 === undefined || alg !== ALGORITHM) throw corrupt(record)
  // The public key comes from the sealed private one: a record cannot smuggle in a foreign key.
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return signingKey(kid, createdAtMs as EpochMs, privateKey)
}

function parseKeyRecord(record: StoredRecord): KeyRecord {
  try {
    const value = JSON.parse(record.value) as Partial<KeyRecord> | null
    const { kid, alg, createdAtMs, sealed } = value ?? {}
    if (kid && alg && createdAtMs !== undefined && sealed) return { kid, alg, createdAtMs, sealed }
  } catch (cause) {
    throw corrupt(record, cause)
  }
  throw corrupt(record)
}

function signingKey(kid: string, createdAtMs: EpochMs, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey)
  const header = { alg: ALGORITHM, typ: ACCESS_TOKEN_TYP, kid }
  const { kty = '', crv, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = { kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' }
  const signer = { key: privateKey, dsaEncoding: SIGNATURE_ENCODING } as const
  const verifier = { key: publicKey, dsaEncoding: SIGNATURE_ENCODING } as const
  return {
    kid,
    header: Buffer.from(JSON.stringify(header)).toString('base64url'),
    createdAtMs,
    jwk,
    sign: (data) =>
      new Promise((resolve, reject) => {
        sign('sha256', Buffer.from(data, 'latin1'), signer, (error, signature) => {
          if (error) reject(error)
          else resolve(signature)
        })
      }),
    verify: (data, signature) => verify('sha256', Buffer.from(data, 'latin1'), verifier, signature),
  }
}

function contextOf(app: AppId, kid: string): string {
  return `${app}|${kid}|${KIND}`
}

function corrupt(record: StoredRecord, cause?: unknown): StoreError {
  const message = `the signing key ${record.id} of app ${record.app} cannot be opened`
  return new StoreError('corrupt', message, { cause })
}
