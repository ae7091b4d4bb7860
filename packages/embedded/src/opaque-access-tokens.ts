import type {
  AccessTokens,
  AppId,
  EpochMs,
  HashPrefix,
  Lineage,
  SecretHash,
  SessionHandle,
  SessionKey,
  TenantId,
  UserId,
} from '@pawl/core'
import { OPAQUE_ACCESS_PREFIX } from '@pawl/protocol'
import { decodeBase64url } from './base64url.ts'
import { ByteReader, nameBytes, varintBytes } from './byte-reader.ts'
import type { SecretRing } from './master-secret.ts'
import { seal, unseal } from './seal.ts'
import { joinToken, splitToken } from './token-text.ts'

/** Longest token we make: two names of 64 characters. */
const TOKEN_CHARS_MAX = 400
/** These tokens are counted in bytes: two characters of the secret's id choose among the few. */
const SECRET_HINT_CHARS = 2
const HANDLE_BYTES = 16
const HASH_BYTES = 32
const PREFIX_BYTES = 12
const HAS_PARENT = 1
const IS_NAMED = 2
const DEFAULT_NAME = 'default'
/** 2020-01-01T00:00:00Z: times are counted from here, which saves a byte. */
const EPOCH_2020_MS = 1_577_836_800_000
const TIME_BYTES = 5
const TIME_MAX_MS = EPOCH_2020_MS + 2 ** (8 * TIME_BYTES) - 1
/** Times outside 2020 to 2054 are written in full. */
const HAS_LONG_TIME = 4
const LONG_TIME_BYTES = 6

interface Facts extends SessionKey {
  readonly lineage: Lineage
  readonly issuedAtMs: EpochMs
  readonly expiresAtMs: EpochMs
}

/**
 * Opaque access tokens: `pawl_at1.<hint of secretId>.<sealed>.<checksum>`. They say nothing to
 * anybody but the core, carry no claims and no user id, and die with the row. They expire at a
 * whole second, rounded down.
 */
export function opaqueAccessTokens(secrets: SecretRing): AccessTokens {
  return {
    reservedClaims: new Set(),

    async mint({ session, lineage, nowMs, expiresAtMs }) {
      const { app, tenant, handle } = session
      const bytes = pack({ app, tenant, handle, lineage, issuedAtMs: nowMs, expiresAtMs })
      const id = secrets.sealing.id.slice(0, SECRET_HINT_CHARS)
      const sealed = seal(secrets.sealing.keyFor('opaqueAccessToken'), bytes, contextOf(id))
      return joinToken(OPAQUE_ACCESS_PREFIX, { id, payload: sealed.toString('base64url') })
    },

    async open(app, token) {
      if (token.length > TOKEN_CHARS_MAX) return undefined
      const parts = splitToken(OPAQUE_ACCESS_PREFIX, token)
      const sealed = parts && decodeBase64url(parts.payload)
      if (parts === undefined || sealed === undefined) return undefined
      if (parts.id.length !== SECRET_HINT_CHARS) return undefined
      const facts =
        unsealWith(secrets, parts.id, sealed) ??
        (secrets.renew() ? unsealWith(secrets, parts.id, sealed) : undefined)
      if (facts?.app !== app) return undefined
      return { ...facts, userId: '' as UserId, claims: {}, kind: 'opaque' }
    },
  }
}

/** What is under a seal that one of the secrets with this hint made. */
function unsealWith(secrets: SecretRing, hint: string, sealed: Buffer): Facts | undefined {
  for (const secret of secrets.all) {
    if (!secret.id.startsWith(hint)) continue
    const bytes = unseal(secret.keyFor('opaqueAccessToken'), sealed, contextOf(hint))
    const facts = bytes && unpack(bytes)
    if (facts !== undefined) return facts
  }
  return undefined
}

function contextOf(secretHint: string): string {
  return `${OPAQUE_ACCESS_PREFIX}.${secretHint}`
}

/**
 * flags (1) | handle (16) | generation (varint) | minting time (5, ms since 2020) | hash2 (32) |
 * parent (12, if flagged) | issued after minting (varint, ms) | life (varint, s) | app, tenant (if
 * flagged).
 */
function pack({ lineage, ...facts }: Facts): Buffer {
  const { app, tenant, handle, issuedAtMs, expiresAtMs } = facts
  const { parent, mintedAtMs } = lineage
  const isNamed = app !== DEFAULT_NAME || tenant !== DEFAULT_NAME
  const isLong = mintedAtMs < EPOCH_2020_MS || mintedAtMs > TIME_MAX_MS
  const flags =
    (parent === null ? 0 : HAS_PARENT) | (isNamed ? IS_NAMED : 0) | (isLong ? HAS_LONG_TIME : 0)
  const minted = Buffer.alloc(isLong ? LONG_TIME_BYTES : TIME_BYTES)
  minted.writeUIntBE(isLong ? mintedAtMs : mintedAtMs - EPOCH_2020_MS, 0, minted.length)
  // A token re-issued by a core whose clock is behind counts as issued with its lineage.
  const issuedMs = Math.max(issuedAtMs, mintedAtMs)
  const parts = [
    Buffer.of(flags),
    Buffer.from(handle, 'base64url'),
    varintBytes(lineage.generation),
    minted,
    Buffer.from(lineage.hash2, 'base64url'),
    Buffer.from(parent ?? '', 'base64url'),
    varintBytes(issuedMs - mintedAtMs),
    varintBytes(Math.max(0, secondsOf(expiresAtMs) - secondsOf(issuedMs))),
  ]
  if (isNamed) parts.push(nameBytes(app, DEFAULT_NAME), nameBytes(tenant, DEFAULT_NAME))
  return Buffer.concat(parts)
}

function secondsOf(timeMs: number): number {
  return Math.floor(timeMs / 1000)
}

function unpack(bytes: Buffer): Facts | undefined {
  const reader = new ByteReader(bytes)
  const flags = reader.uint8()
  const handle = reader.take(HANDLE_BYTES).toString('base64url') as SessionHandle
  const generation = reader.varint()
  const isLong = (flags & HAS_LONG_TIME) !== 0
  const time = reader.take(isLong ? LONG_TIME_BYTES : TIME_BYTES)
  const mintedAtMs = (time.readUIntBE(0, time.length) + (isLong ? 0 : EPOCH_2020_MS)) as EpochMs
  const hash2 = reader.take(HASH_BYTES).toString('base64url') as SecretHash
  const hasParent = (flags & HAS_PARENT) !== 0
  const parent = hasParent ? (reader.take(PREFIX_BYTES).toString('base64url') as HashPrefix) : null
  const issuedAtMs = (mintedAtMs + reader.varint()) as EpochMs
  const expiresAtMs = ((secondsOf(issuedAtMs) + reader.varint()) * 1000) as EpochMs
  const isNamed = (flags & IS_NAMED) !== 0
  const app = (isNamed ? reader.name(DEFAULT_NAME) : DEFAULT_NAME) as AppId
  const tenant = (isNamed ? reader.name(DEFAULT_NAME) : DEFAULT_NAME) as TenantId
  if (!reader.isDone || flags > (HAS_PARENT | IS_NAMED | HAS_LONG_TIME)) return undefined
  const lineage = { hash2, parent, generation, mintedAtMs }
  return { app, tenant, handle, lineage, issuedAtMs, expiresAtMs }
}
