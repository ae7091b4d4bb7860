import { createPublicKey, verify } from 'node:crypto'
import type { AppId, Clock, RecordStore, StoredRecord } from '@pawl/core'
import { keptFresh } from './kept-fresh.ts'
import { KEY_RELOAD_MS } from './key-reload.ts'
import type { SigningAlgorithm, SigningKey } from './signing-key.ts'

/** The kind of the record of a key that only verifies. */
export const FORMER_KEY_KIND = 'former-key'
const ALGORITHM: SigningAlgorithm = 'RS256'
/** RFC 7518 section 3.3. */
const RSA_BITS_MIN = 2_048

/** A key that tokens are verified with, whoever signed them. */
export type VerifyingKey = Pick<SigningKey, 'kid' | 'algorithm' | 'signatureBytes' | 'verify'>

/** Keys of a core whose sessions were taken over, as long as a token of them may live. */
export interface FormerKeys {
  readonly findByKid: (app: AppId, kid: string) => Promise<VerifyingKey | undefined>
  readonly jwksOf: (app: AppId) => Promise<readonly SigningKey['jwk'][]>
}

/** What the record of such a key holds; there is no private key. */
interface FormerKeyRecord {
  readonly kid: string
  /** SubjectPublicKeyInfo, base64. */
  readonly spki: string
  /** From then on it verifies nothing; null: it stays. */
  readonly notAfterMs: number | null
}

interface FormerKey extends VerifyingKey {
  readonly jwk: SigningKey['jwk']
  readonly notAfterMs: number | null
}

/**
 * Stores the public side of an RS256 key of a former core; done again, it does no harm. Throws if
 * it is no RSA key of 2,048 bits or more.
 */
export async function insertFormerKey(
  store: RecordStore,
  app: AppId,
  key: FormerKeyRecord,
): Promise<void> {
  // Refuses what is no key, or a weak one, before it is stored.
  const { kid, signatureBytes } = openKey(key)
  if (signatureBytes * 8 < RSA_BITS_MIN) {
    throw new Error(`the former key ${kid} has less than ${RSA_BITS_MIN} bits`)
  }
  await store.insertRecord({ kind: FORMER_KEY_KIND, app, id: key.kid }, JSON.stringify(key))
}

/**
 * The former keys of all apps; each app's are read anew every few seconds, while those in memory
 * are used on.
 */
export function openFormerKeys(options: {
  readonly store: RecordStore
  readonly clock: Clock
  /** Told when the store cannot be read, once, and the keys in memory are used on. */
  readonly onTrouble: (error: unknown) => void
}): FormerKeys {
  const { store, clock, onTrouble } = options
  const fresh = keptFresh<readonly FormerKey[]>({
    async read(app) {
      const records = await store.listRecords(FORMER_KEY_KIND, app)
      return records.map((record) => openKey(decode(record)))
    },
    nowMs: clock.nowMs,
    reloadMsOf: () => KEY_RELOAD_MS,
    onTrouble,
  })

  async function living(app: AppId): Promise<readonly FormerKey[]> {
    const keys = await fresh.get(app)
    const nowMs = clock.nowMs()
    return keys.filter(({ notAfterMs }) => notAfterMs === null || nowMs < notAfterMs)
  }

  return {
    async findByKid(app, kid) {
      return (await living(app)).find((key) => key.kid === kid)
    },
    async jwksOf(app) {
      return (await living(app)).map(({ jwk }) => jwk)
    },
  }
}

function decode(record: StoredRecord): FormerKeyRecord {
  return JSON.parse(record.value) as FormerKeyRecord
}

function openKey({ kid, spki, notAfterMs }: FormerKeyRecord): FormerKey {
  const publicKey = createPublicKey({
    key: Buffer.from(spki, 'base64'),
    format: 'der',
    type: 'spki',
  })
  const { kty = '', n, e } = publicKey.export({ format: 'jwk' })
  if (kty !== 'RSA') throw new Error(`the former key ${kid} is not an RSA key`)
  const members = { n, e } as object
  return {
    ...{ kid, algorithm: ALGORITHM, notAfterMs },
    jwk: { kty, ...members, kid, alg: ALGORITHM, use: 'sig' },
    signatureBytes: (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8,
    verify: (data, signature) =>
      verify('sha256', Buffer.from(data, 'latin1'), publicKey, signature),
  }
}
