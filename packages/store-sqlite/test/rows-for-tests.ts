import { createHash } from 'node:crypto'
import type {
  AppId,
  EpochMs,
  Rotation,
  SecretHash,
  Session,
  SessionHandle,
  TenantId,
  UserId,
} from '@pawl/core'

const NOW_MS = 1_800_000_000_000 as EpochMs

function hashOf(label: string): SecretHash {
  return createHash('sha256').update(label).digest('base64url') as SecretHash
}

/** A live session, told from others by a label. */
export function newRow(label: string): Session {
  return {
    app: 'default' as AppId,
    tenant: 'default' as TenantId,
    handle: hashOf(label).slice(0, 22) as string as SessionHandle,
    userId: 'user' as UserId,
    generation: 0,
    curHash2: hashOf(`${label} root`),
    curMintedAtMs: NOW_MS,
    prevHash2: null,
    confirmedAtMs: NOW_MS,
    createdAtMs: NOW_MS,
    idleTimeoutMs: 3_600_000,
    idleExpiresAtMs: (NOW_MS + 3_600_000) as EpochMs,
    absoluteExpiresAtMs: (NOW_MS + 86_400_000) as EpochMs,
    accessTtlSeconds: 300,
    accessKind: 'jwt',
    claims: {},
    data: {},
    device: {},
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
  }
}

/** A rotation from a session's current token to a child, which is told from others by a label. */
export function rotationFrom(session: Session, label = ''): Rotation {
  const generation = session.generation + 1
  const next = {
    generation,
    curHash2: hashOf(`${session.curHash2} ${label}`),
    curMintedAtMs: NOW_MS,
    prevHash2: session.curHash2,
    confirmedAtMs: NOW_MS,
  }
  return { expected: session.curHash2, next, nowMs: NOW_MS }
}
