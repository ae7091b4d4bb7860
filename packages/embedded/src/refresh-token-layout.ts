import type {
  AppId,
  EpochMs,
  Hash1,
  KeyThumbprint,
  Origin,
  SessionHandle,
  SessionKey,
  TenantId,
} from '@pawl/core'
import { ByteReader } from './byte-reader.ts'
import { bareOrigin, handleOf, isBare, ORIGIN_BYTES } from './session-origin.ts'

/** What a refresh token holds under its seal. */
export interface RefreshTokenFacts extends SessionKey {
  readonly generation: number
  readonly mintedAtMs: EpochMs
  /** What the session's handle is the hash of; the token spells out the origin, not the handle. */
  readonly origin: Origin
  /** 32 bytes that make every token unique; nothing is derived from them. */
  readonly random: Buffer
  readonly parentHash1: Hash1 | null
  readonly keyThumbprint: KeyThumbprint | null
  /** Bits of the wire that granted it; every token of the session carries its own. */
  readonly marks: number
}

/**
 * What a wire may note in the refresh tokens that it grants. `companion`: it came with a companion,
 * which has to be presented with it. `staticKey`: its access token was signed with a static key.
 */
export const REFRESH_MARKS = { companion: 4, staticKey: 8 } as const
const MARKS = REFRESH_MARKS.companion | REFRESH_MARKS.staticKey

/** Random bytes in a refresh token: 256 bits. */
export const RANDOM_BYTES = 32
const HASH_BYTES = 32
const GENERATION_AT = 1 + ORIGIN_BYTES
const MINTED_AT = GENERATION_AT + 4
const RANDOM_AT = MINTED_AT + 6
const HEAD_BYTES = RANDOM_AT + RANDOM_BYTES
const HAS_PARENT = 1
const HAS_THUMBPRINT = 2
/** The parent is a token from elsewhere, whose hash1 counts as hexadecimal text. */
const HAS_TEXT_PARENT = 16
/** In place of the origin stands the handle. */
const HAS_BARE_HANDLE = 32
const FLAGS = HAS_PARENT | HAS_THUMBPRINT | HAS_TEXT_PARENT | HAS_BARE_HANDLE
/** The name that is not spelled out. */
const DEFAULT_NAME = 'default'

/**
 * Packs the facts: flags and marks (1 byte) | origin (16) | generation (4) | minting time (6, ms) |
 * random (32) | parent's hash1 (32, if flagged) | key thumbprint (32, if flagged) | app | tenant
 * (each a length byte and ASCII; empty means `default`). Numbers are big endian.
 */
export function packRefreshToken(facts: RefreshTokenFacts): Buffer {
  const { parentHash1, keyThumbprint } = facts
  const names = [facts.app, facts.tenant].map((name) => (name === DEFAULT_NAME ? '' : name))
  const hashes = (parentHash1 === null ? 0 : 1) + (keyThumbprint === null ? 0 : 1)
  const [app = '', tenant = ''] = names
  const length = HEAD_BYTES + hashes * HASH_BYTES + 2 + app.length + tenant.length
  // One buffer, every byte of which is written: this is done at every refresh.
  const bytes = Buffer.allocUnsafe(length)
  const bound = (parentHash1 === null ? 0 : HAS_PARENT) | (keyThumbprint ? HAS_THUMBPRINT : 0)
  const isText = parentHash1 !== null && parentHash1.length > HASH_BYTES
  const former = (isText ? HAS_TEXT_PARENT : 0) | (isBare(facts.origin) ? HAS_BARE_HANDLE : 0)
  bytes.writeUInt8(bound | former | (facts.marks & MARKS))
  bytes.set(facts.origin.subarray(-ORIGIN_BYTES), 1)
  bytes.writeUInt32BE(facts.generation, GENERATION_AT)
  bytes.writeUIntBE(facts.mintedAtMs, MINTED_AT, 6)
  bytes.set(facts.random, RANDOM_AT)
  let at = HEAD_BYTES
  if (parentHash1 !== null) {
    bytes.set(isText ? rawOf(parentHash1) : parentHash1, at)
    at += HASH_BYTES
  }
  if (keyThumbprint !== null) at += bytes.write(keyThumbprint, at, HASH_BYTES, 'base64url')
  for (const name of [app, tenant]) {
    at = bytes.writeUInt8(name.length, at)
    at += bytes.write(name, at, 'latin1')
  }
  return bytes
}

/** Reads what {@link packRefreshToken} wrote; undefined for any other length or flag. */
export function unpackRefreshToken(bytes: Buffer): RefreshTokenFacts | undefined {
  const reader = new ByteReader(bytes)
  const flags = reader.uint8()
  const start = reader.take(ORIGIN_BYTES)
  const origin =
    flags & HAS_BARE_HANDLE
      ? bareOrigin(start.toString('base64url') as SessionHandle)
      : (new Uint8Array(start) as Origin)
  const generation = reader.uint32()
  const mintedAtMs = reader.uint48() as EpochMs
  const random = reader.take(RANDOM_BYTES)
  const parent = flags & HAS_PARENT ? reader.take(HASH_BYTES) : null
  const isText = (flags & HAS_TEXT_PARENT) !== 0
  const parentHash1 = (parent && isText ? textOf(parent) : parent) as Hash1 | null
  const keyThumbprint =
    flags & HAS_THUMBPRINT ? (reader.take(HASH_BYTES).toString('base64url') as KeyThumbprint) : null
  const app = reader.name(DEFAULT_NAME) as AppId
  const tenant = reader.name(DEFAULT_NAME) as TenantId
  if (!reader.isDone || flags > (FLAGS | MARKS)) return undefined
  const handle = handleOf(origin)
  const names = { app, tenant, handle, origin }
  const marks = flags & MARKS
  return { ...names, generation, mintedAtMs, random, parentHash1, keyThumbprint, marks }
}

/** A hash1 as hexadecimal text, the form in which it is hashed again elsewhere. */
function textOf(raw: Buffer): Uint8Array {
  return new Uint8Array(Buffer.from(raw.toString('hex'), 'latin1'))
}

function rawOf(text: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(text).toString('latin1'), 'hex')
}
