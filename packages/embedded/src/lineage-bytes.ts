import type { EpochMs, HashPrefix, Lineage, SecretHash } from '@pawl/core'
import { LINEAGE_BYTES } from '@pawl/protocol'
import { decodeBase64url } from './base64url.ts'

const { generation: GENERATION, mintedAt: MINTED_AT, self: SELF, parent: PARENT } = LINEAGE_BYTES
const ROOT_BYTES = GENERATION + MINTED_AT + SELF

/** The farthest that a refresh token may be minted from its access token's `iat`, in ms. */
const MINTED_MAX_MS = 2 ** (8 * MINTED_AT - 1) - 1

/**
 * Packs a lineage as the claim `lin` of an access token holds it (`LINEAGE_BYTES`), base64url.
 *
 * @param issuedAtMs the token's `iat`, in milliseconds
 */
export function packLineage(lineage: Lineage, issuedAtMs: number): string {
  const { hash2, parent, generation, mintedAtMs } = lineage
  const bytes = Buffer.allocUnsafe(parent === null ? ROOT_BYTES : ROOT_BYTES + PARENT)
  bytes.writeUInt32BE(generation)
  const afterMs = Math.max(-MINTED_MAX_MS, Math.min(mintedAtMs - issuedAtMs, MINTED_MAX_MS))
  bytes.writeIntBE(afterMs, GENERATION, MINTED_AT)
  bytes.write(hash2, GENERATION + MINTED_AT, SELF, 'base64url')
  if (parent !== null) bytes.write(parent, ROOT_BYTES, PARENT, 'base64url')
  return bytes.toString('base64url')
}

/** Reads what {@link packLineage} wrote; undefined for anything else. */
export function unpackLineage(text: string, issuedAtMs: number): Lineage | undefined {
  const bytes = decodeBase64url(text)
  if (bytes === undefined) return undefined
  if (bytes.length !== ROOT_BYTES && bytes.length !== ROOT_BYTES + PARENT) return undefined
  const self = bytes.subarray(GENERATION + MINTED_AT, ROOT_BYTES)
  const parent = bytes.subarray(ROOT_BYTES)
  return {
    generation: bytes.readUInt32BE(),
    mintedAtMs: (issuedAtMs + bytes.readIntBE(GENERATION, MINTED_AT)) as EpochMs,
    hash2: self.toString('base64url') as SecretHash,
    parent: parent.length === 0 ? null : (parent.toString('base64url') as HashPrefix),
  }
}
