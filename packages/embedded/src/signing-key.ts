import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { EpochMs } from '@pawl/core'
import { ACCESS_TOKEN_TYP } from '@pawl/protocol'
import { hasSpareTime } from './spare-time.ts'

const generateKeyPairAsync = promisify(generateKeyPair)
/** RSA modulus of a new RS256 key, in bits: 128 bits of strength. */
const RSA_BITS = 3_072
/** Signatures of ES256 and of Ed25519, in bits. */
const EC_SIGNATURE_BITS = 512

/** Algorithms a signing key may have (RFC 7518 section 3.1, RFC 8037); one key, one algorithm. */
export const SIGNING_ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const
/** An algorithm of a signing key. */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

/** How the id of a key starts: it turns, or it stays. */
export const KID_PREFIX = { turning: 'd-', static: 's-' } as const

/** A key that signs access tokens of one app. */
export interface SigningKey {
  /** `d-` (turning) or `s-` (static) and 11 random base64url characters. */
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly isTurning: boolean
  /** Whether an operator asked for it. */
  readonly isByHand: boolean
  /** The JOSE header of every token signed with it, as it stands in the token. */
  readonly header: string
  readonly createdAtMs: EpochMs
  /** From when on it signs; it is published as long as it exists. */
  readonly signsFromMs: EpochMs
  readonly jwk: { readonly kty: string; readonly kid: string; readonly alg: string; use: string }
  readonly signatureBytes: number
  /**
   * Signs: in this thread when it has time to spare and the algorithm is a quick one, else in the
   * thread pool, so that the event loop goes on meanwhile.
   */
  readonly sign: (data: string) => Promise<Buffer>
  readonly verify: (data: string, signature: Buffer) => boolean
}

/** What a signing key is made of. */
export interface SigningKeyFacts {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly createdAtMs: EpochMs
  readonly signsFromMs: EpochMs
  readonly isByHand: boolean
}

/** A new private key of an algorithm, as PKCS #8 (DER). */
export async function generatePrivateKey(algorithm: SigningAlgorithm): Promise<Buffer> {
  const { privateKey } = await generatePair(algorithm)
  return privateKey.export({ type: 'pkcs8', format: 'der' })
}

function generatePair(
  algorithm: SigningAlgorithm,
): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairAsync('ec', { namedCurve: 'P-256' })
    case 'EdDSA':
      return generateKeyPairAsync('ed25519')
    case 'RS256':
      return generateKeyPairAsync('rsa', { modulusLength: RSA_BITS })
  }
}

/**
 * A signing key over its private key. The public key comes from the private one, so that a record
 * cannot smuggle in a foreign key. Throws if the private key is not of the algorithm.
 */
export function signingKey(facts: SigningKeyFacts, pkcs8: Buffer): SigningKey {
  const { kid, algorithm } = facts
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const { kty = '', crv, x, y, n, e } = publicKey.export({ format: 'jwk' })
  if (kty !== KEY_TYPES[algorithm]) throw new Error(`${kid} is not a key for ${algorithm}`)
  const members = JSON.parse(JSON.stringify({ crv, x, y, n, e })) as object
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  // A signature of ES256 is r | s (RFC 7518 section 3.4); the others have one form only.
  const form = algorithm === 'ES256' ? ({ dsaEncoding: 'ieee-p1363' } as const) : {}
  const signer = { key: privateKey, ...form }
  const verifier = { key: publicKey, ...form }
  return {
    ...facts,
    isTurning: kid.startsWith(KID_PREFIX.turning),
    header: Buffer.from(JSON.stringify({ alg: algorithm, typ: ACCESS_TOKEN_TYP, kid })).toString(
      'base64url',
    ),
    jwk: { kty, ...members, kid, alg: algorithm, use: 'sig' },
    signatureBytes: (publicKey.asymmetricKeyDetails?.modulusLength ?? EC_SIGNATURE_BITS) / 8,
    sign: (data) =>
      algorithm !== 'RS256' && hasSpareTime()
        ? Promise.try(() => sign(digest, Buffer.from(data, 'latin1'), signer))
        : signElsewhere(digest, data, signer),
    verify: (data, signature) => verify(digest, Buffer.from(data, 'latin1'), verifier, signature),
  }
}

function signElsewhere(
  digest: string | null,
  data: string,
  signer: SignKeyObjectInput,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign(digest, Buffer.from(data, 'latin1'), signer, (error, signature) => {
      if (error) reject(error)
      else resolve(signature)
    })
  })
}

/** JWK key types by algorithm (RFC 7518 section 6.1, RFC 8037 section 2). */
const KEY_TYPES: { readonly [A in SigningAlgorithm]: string } = {
  ES256: 'EC',
  EdDSA: 'OKP',
  RS256: 'RSA',
}
