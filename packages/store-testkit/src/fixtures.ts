import { createHash } from 'node:crypto'
import type {
  AppId,
  CutOffScope,
  EpochMs,
  Rotation,
  SecretHash,
  Session,
  SessionHandle,
  TenantId,
  UserId,
  UserScope,
} from '@pawl/core'

/** When the tests play: 2027-01-15T08:00:00Z. */
export const NOW_MS = 1_800_000_000_000 as EpochMs
/** Idle timeout of the sessions of the tests: 10 minutes. */
export const IDLE_MS = 600_000
/** Absolute lifetime of the sessions of the tests: one day. */
export const LIFE_MS = 86_400_000

/** A moment of the tests. */
export function at(offsetMs: number): EpochMs {
  return (NOW_MS + offsetMs) as EpochMs
}

let apps = 0

/** An app that no other test of this process has used. */
export function freshApp(): AppId {
  apps += 1
  return `app-${process.pid}-${apps}` as AppId
}

/** A hash as the store keeps it, made of a label: 43 characters. */
export function hashOf(label: string): SecretHash {
  return createHash('sha256').update(label).digest('base64url') as SecretHash
}

/** A handle made of a label: 22 characters. */
export function handleOf(label: string): SessionHandle {
  return hashOf(label).slice(0, 22) as SessionHandle
}

/** A session at its root token, created at {@link NOW_MS}, live; what is given wins. */
export function newSession(parts: Partial<Session> & Pick<Session, 'app'>): Session {
  const createdAtMs = parts.createdAtMs ?? NOW_MS
  return {
    tenant: 'default' as TenantId,
    handle: handleOf('session'),
    userId: 'user' as UserId,
    generation: 0,
    curHash2: hashOf('0'),
    curMintedAtMs: createdAtMs,
    prevHash2: null,
    confirmedAtMs: createdAtMs,
    createdAtMs,
    idleTimeoutMs: IDLE_MS,
    idleExpiresAtMs: (createdAtMs + IDLE_MS) as EpochMs,
    absoluteExpiresAtMs: (createdAtMs + LIFE_MS) as EpochMs,
    accessTtlSeconds: 300,
    accessKind: 'jwt',
    claims: { role: 'reader' },
    data: { cart: [1, 2, 3] },
    device: { name: 'a laptop' },
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
    ...parts,
  }
}

/** The rotation from a session's current token to a child of it. */
export function rotationOf(session: Session, parts: Partial<Rotation> = {}): Rotation {
  const nowMs = parts.nowMs ?? ((session.confirmedAtMs + 1000) as EpochMs)
  const generation = session.generation + 1
  return {
    expected: session.curHash2,
    next: {
      generation,
      curHash2: hashOf(`${session.handle} ${generation}`),
      curMintedAtMs: (nowMs - 1) as EpochMs,
      prevHash2: session.curHash2,
      confirmedAtMs: nowMs,
    },
    nowMs,
    ...parts,
  }
}

/** A session as it is after a rotation. */
export function rotated(session: Session, { next, nowMs }: Rotation): Session {
  const idleExpiresAtMs = Math.min(nowMs + session.idleTimeoutMs, session.absoluteExpiresAtMs)
  return { ...session, ...next, idleExpiresAtMs: idleExpiresAtMs as EpochMs }
}

/** The user of a session, as a scope. */
export function userOf({ app, tenant, userId }: Session): UserScope {
  return { app, tenant, userId }
}

/** The tenant of a session, as a scope. */
export function tenantOf({ app, tenant }: Session): CutOffScope {
  return { app, tenant, userId: null }
}

/** Numbers from 0 up to, but without, `count`. */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}
