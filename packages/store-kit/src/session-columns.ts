import type { Rotation, Session, SessionKey } from '@pawl/core'
import { exactText } from './exact-text.ts'
import { textToJson } from './text-to-json.ts'

/** The columns of a session in an SQL table. What a column holds is said of `Session`. */
export const sessionColumns = [
  'app',
  'tenant',
  'handle',
  'user_id',
  'generation',
  'cur_hash',
  'cur_minted_ms',
  'prev_hash',
  'confirmed_ms',
  'created_ms',
  'idle_timeout_ms',
  'idle_expires_ms',
  'absolute_expires_ms',
  'access_ttl_seconds',
  'access_kind',
  'key_thumbprint',
  'claims',
  'data',
  'device',
  'revoked_ms',
  'end_reason',
] as const

/** A session as the values of {@link sessionColumns}; `nameOf` refuses what cannot be kept. */
export function sessionToValues(
  session: Session,
  nameOf: (name: string) => string = exactText,
): (string | number | null)[] {
  return [
    nameOf(session.app),
    nameOf(session.tenant),
    nameOf(session.handle),
    nameOf(session.userId),
    session.generation,
    session.curHash2,
    session.curMintedAtMs,
    session.prevHash2,
    session.confirmedAtMs,
    session.createdAtMs,
    session.idleTimeoutMs,
    session.idleExpiresAtMs,
    session.absoluteExpiresAtMs,
    session.accessTtlSeconds,
    session.accessKind,
    session.keyThumbprint,
    JSON.stringify(session.claims),
    JSON.stringify(session.data),
    JSON.stringify(session.device),
    session.revokedAtMs,
    session.endReason,
  ]
}

/**
 * Values of {@link sessionColumns}, which stand in a row from `first` on, as a session. `textOf`
 * makes text of what the client gives for one, where that is not text already.
 */
export function valuesToSession(
  row: readonly unknown[],
  first = 0,
  textOf: (value: unknown) => unknown = asItIs,
): Session {
  const session = {
    app: textOf(row[first]),
    tenant: textOf(row[first + 1]),
    handle: textOf(row[first + 2]),
    userId: textOf(row[first + 3]),
    generation: row[first + 4],
    curHash2: textOf(row[first + 5]),
    curMintedAtMs: row[first + 6],
    prevHash2: textOf(row[first + 7]),
    confirmedAtMs: row[first + 8],
    createdAtMs: row[first + 9],
    idleTimeoutMs: row[first + 10],
    idleExpiresAtMs: row[first + 11],
    absoluteExpiresAtMs: row[first + 12],
    accessTtlSeconds: row[first + 13],
    accessKind: textOf(row[first + 14]),
    keyThumbprint: textOf(row[first + 15]),
    claims: textToJson(row[first + 16]),
    data: textToJson(row[first + 17]),
    device: textToJson(row[first + 18]),
    revokedAtMs: row[first + 19],
    endReason: textOf(row[first + 20]),
  }
  return session as unknown as Session
}

/** What a rotation is made of: whose it is, the hash that it expects, what it sets, and when. */
export const rotationColumns = [
  'app',
  'tenant',
  'handle',
  'expected',
  'generation',
  'cur_hash',
  'cur_minted_ms',
  'prev_hash',
  'confirmed_ms',
  'now_ms',
] as const

/** A rotation as the values of {@link rotationColumns}; `nameOf` refuses what cannot be kept. */
export function rotationToValues(
  { app, tenant, handle }: SessionKey,
  { expected, next, nowMs }: Rotation,
  nameOf: (name: string) => string = exactText,
): (string | number | null)[] {
  return [
    nameOf(app),
    nameOf(tenant),
    nameOf(handle),
    expected,
    next.generation,
    next.curHash2,
    next.curMintedAtMs,
    next.prevHash2,
    next.confirmedAtMs,
    nowMs,
  ]
}

function asItIs(value: unknown): unknown {
  return value
}
