import { createPublicKey, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import type { KeySet } from '@pawl/protocol'

/** A public key that verifies access tokens with one algorithm and no other. */
export interface VerificationKey {
  readonly kid: string
  /** `alg` of the key; the token's header must repeat it. */
  readonly algorithm: string
  /** Digest for `crypto.verify`; null where the algorithm has its own. */
  readonly digest: string | null
  readonly input: KeyObject | VerifyKeyObjectInput
  /** Length of every signature of this key, in bytes. */
  readonly signatureBytes: number
}

const KID = /^[A-Za-z0-9_-]{1,64}$/
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 8192

/**
 * Makes a verification key of a JWK (RFC 7517): ES256, EdDSA (Ed25519) and RS256 with their own key
 * types, public members only. Undefined for anything else, a key without `alg` above all: the
 * algorithm comes from the key, never from a token.
 */
export function importKey(jwk: KeySet['keys'][number]): VerificationKey | undefined {
  if (!KID.test(jwk.kid) || jwk.use !== 'sig') return undefined
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return undefined
  switch (jwk.alg) {
    case 'ES256':
      return jwk.kty === 'EC' && jwk.crv === 'P-256' ? ecKey(jwk) : undefined
    case 'EdDSA':
      return jwk.kty === 'OKP' && jwk.crv === 'Ed25519' ? edKey(jwk) : undefined
    case 'RS256':
      return jwk.kty === 'RSA' ? rsaKey(jwk) : undefined
    default:
      return undefined
  }
}

function ecKey(jwk: KeySet['keys'][number]): VerificationKey | undefined {
  const key = publicKey({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y })
  if (key === undefined) return undefined
  const input = { key, dsaEncoding: 'ieee-p1363' } as const
  return { kid: jwk.kid, algorithm: 'ES256', digest: 'sha256', input, signatureBytes: 64 }
}

function edKey(jwk: KeySet['keys'][number]): VerificationKey | undefined {
  const key = publicKey({ kty: 'OKP', crv: 'Ed25519', x: jwk.x })
  if (key === undefined) return undefined
  return { kid: jwk.kid, algorithm: 'EdDSA', digest: null, input: key, signatureBytes: 64 }
}

function rsaKey(jwk: KeySet['keys'][number]): VerificationKey | undefined {
  const key = publicKey({ kty: 'RSA', n: jwk.n, e: jwk.e })
  const details = key?.asymmetricKeyDetails
  const bits = details?.modulusLength ?? 0
  const exponent = details?.publicExponent ?? 0n
  if (key === undefined || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) return undefined
  if (exponent < 3n || exponent % 2n === 0n || exponent > 0xffffffffn) return undefined
  return {
    kid: jwk.kid,
    algorithm: 'RS256',
    digest: 'sha256',
    input: key,
    signatureBytes: Math.ceil(bits / 8),
  }
}

/**
 * A key whose members the crypto library accepts (a point on the curve, for one), else undefined.
 */
function publicKey(members: { readonly [name: string]: unknown }): KeyObject | undefined {
  if (Object.values(members).some((value) => typeof value !== 'string')) return undefined
  try {
    return createPublicKey({ key: members as Record<string, string>, format: 'jwk' })
  } catch {
    return undefined
  }
}
