import { LINEAGE_BYTES } from '@pawl/protocol'
import { decodeCanonicalInto } from './canonical.ts'

/** A packed lineage, read: which grant an access token belongs to. */
export interface TokenLineage {
  /** 16 characters naming the grant. */
  readonly id: string
  /** The same of the parent grant; null for the first grant of a session. */
  readonly parent: string | null
  readonly generation: number
  /** When the refresh token of the grant was minted, ms since the epoch. */
  readonly mintedAtMs: number
}

const { generation, mintedAt, self, parent } = LINEAGE_BYTES
const SELF_AT = generation + mintedAt
const PARENT_AT = SELF_AT + self
const LENGTH = PARENT_AT + parent
const CHARS_MAX = Math.ceil((LENGTH * 4) / 3)
/** Used by one call at a time. */
const room = Buffer.alloc(LENGTH)

/**
 * Reads the claim `lin` of a token issued at `issuedAtMs`; undefined if it is no packed lineage.
 */
export function readLineage(packed: unknown, issuedAtMs: number): TokenLineage | undefined {
  if (typeof packed !== 'string') return undefined
  if (packed.length > CHARS_MAX) return undefined
  const bytes = room
  const length = decodeCanonicalInto(bytes, packed)
  if (length !== PARENT_AT && length !== LENGTH) return undefined
  return {
    id: bytes.toString('base64url', SELF_AT, SELF_AT + parent),
    parent: length === LENGTH ? bytes.toString('base64url', PARENT_AT, LENGTH) : null,
    generation: bytes.readUIntBE(0, generation),
    mintedAtMs: issuedAtMs + bytes.readIntBE(generation, mintedAt),
  }
}
