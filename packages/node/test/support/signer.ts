import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { LINEAGE_BYTES } from '@pawl/protocol'

/** A signing key of a stand-in core. */
export interface Signer {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: { kty: string; kid: string; alg: string; use: string; [member: string]: unknown }
  /** Signs any header and payload text. */
  signText(header: string, payload: string): string
  /** Signs a token; members may be replaced or (undefined) left out. */
  token(claims?: object, header?: object): string
}

const ALGORITHMS = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const

export function signer(alg: keyof typeof ALGORITHMS = 'ES256', kid = 'd-test'): Signer {
  const { privateKey, publicKey } = ALGORITHMS[alg]()
  const signText = (header: string, payload: string): string => {
    const text = `${encode(header)}.${encode(payload)}`
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
    const digest = alg === 'EdDSA' ? null : 'sha256'
    return `${text}.${sign(digest, Buffer.from(text), key).toString('base64url')}`
  }
  return {
    kid,
    privateKey,
    publicKey,
    jwk: {
      ...(publicKey.export({ format: 'jwk' }) as { kty: string }),
      kid,
      alg,
      use: 'sig',
    },
    signText,
    token: (claims = {}, header = {}) =>
      signText(
        JSON.stringify({ alg, typ: 'at+jwt', kid, ...header }),
        JSON.stringify({ ...CLAIMS, ...claims }),
      ),
  }
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** A packed lineage. */
export function packLineage(
  facts: { generation?: number; mintedAtMs?: number; self?: string; parent?: string | null } = {},
): string {
  const { generation = 0, mintedAtMs = MINTED_AT_MS, self = 'self', parent = null } = facts
  const length = LINEAGE_BYTES.generation + LINEAGE_BYTES.mintedAt + LINEAGE_BYTES.self
  const bytes = Buffer.alloc(parent === null ? length : length + LINEAGE_BYTES.parent)
  bytes.writeUInt32BE(generation)
  bytes.writeIntBE(mintedAtMs - MINTED_AT_MS, LINEAGE_BYTES.generation, LINEAGE_BYTES.mintedAt)
  bytes.write(self, LINEAGE_BYTES.generation + LINEAGE_BYTES.mintedAt)
  if (parent !== null) bytes.write(parent, length)
  return bytes.toString('base64url')
}

/** The time of `testClock` at its start. */
export const MINTED_AT_MS = 1_800_000_000_000
export const HANDLE = 'A'.repeat(22)
export const CLAIMS = {
  iss: 'pawl',
  sub: 'alice',
  aud: 'default',
  exp: MINTED_AT_MS / 1000 + 900,
  iat: MINTED_AT_MS / 1000,
  sid: HANDLE,
  lin: packLineage(),
}
