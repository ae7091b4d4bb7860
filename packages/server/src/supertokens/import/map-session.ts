import type {
  AppId,
  EpochMs,
  JsonObject,
  SecretHash,
  Session,
  SessionHandle,
  TenantId,
  UserId,
} from '@pawl/core'
import type { WireLives } from '../core-config.ts'
import { nativeNameOf, parseWireHandle } from '../names.ts'
import type { FormerSession } from './former-database.ts'

const HASH = /^[0-9a-f]{64}$/

/**
 * A session of a SuperTokens core as a row of ours: same handle, same hash (theirs is the SHA-256
 * of the hexadecimal text of the first one), generation 0. Undefined for what cannot be one.
 */
export function mapSession(
  former: FormerSession,
  lives: Pick<WireLives, 'accessTtlSeconds' | 'idleTimeoutSeconds' | 'absoluteTimeoutSeconds'>,
): Session | undefined {
  const app = nativeNameOf(former.app)
  const name = parseWireHandle(former.handle)
  const tenant = nativeNameOf(former.tenant)
  const [claims, data] = [parseObject(former.claims), parseObject(former.data)]
  if (app === undefined || name === undefined || name.tenant !== tenant) return undefined
  if (!HASH.test(former.currentHash) || claims === undefined || data === undefined) return undefined
  const { createdAtMs, expiresAtMs } = former
  const endMs = createdAtMs + lives.absoluteTimeoutSeconds * 1000
  return {
    app: app as AppId,
    tenant: tenant as TenantId,
    handle: name.handle as SessionHandle,
    userId: former.userId as UserId,
    generation: 0,
    curHash2: hashOf(former.currentHash),
    curMintedAtMs: 0 as EpochMs,
    prevHash2: former.previousHash === null ? null : hashOf(former.previousHash),
    confirmedAtMs: (former.rotatedAtMs ?? createdAtMs) as EpochMs,
    createdAtMs: createdAtMs as EpochMs,
    idleTimeoutMs: lives.idleTimeoutSeconds * 1000,
    idleExpiresAtMs: expiresAtMs as EpochMs,
    absoluteExpiresAtMs: Math.max(endMs, expiresAtMs) as EpochMs,
    accessTtlSeconds: lives.accessTtlSeconds,
    accessKind: 'jwt',
    claims,
    data,
    device: {},
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
  }
}

/** Whether a row came from elsewhere and has not been rotated by us. */
export function isUntouched(session: Session): boolean {
  return session.curMintedAtMs === 0 && session.generation === 0
}

function hashOf(hex: string): SecretHash {
  return Buffer.from(hex, 'hex').toString('base64url') as SecretHash
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
