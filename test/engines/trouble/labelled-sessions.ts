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

/** When the tests play. */
export const NOW_MS = Date.now() as EpochMs

/** A hash made of a label. */
export function hashOf(label: string): SecretHash {
  return createHash('sha256').update(label).digest('base64url') as SecretHash
}

/** A live session named by a label; what is given wins. */
export function sessionOf(label: string, parts: Partial<Session> = {}): Session {
  return {
    app: 'app' as AppId,
    tenant: 'default' as TenantId,
    handle: hashOf(label).slice(0, 22) as SessionHandle,
    userId: `user of ${label}` as UserId,
    generation: 0,
    curHash2: hashOf(`${label} 0`),
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
    ...parts,
  }
}

/** The rotation of a labelled session from one generation to the next. */
export function rotationOf(label: string, generation: number): Rotation {
  const expected = hashOf(`${label} ${generation}`)
  const nowMs = (NOW_MS + generation + 1) as EpochMs
  const curHash2 = hashOf(`${label} ${generation + 1}`)
  const about = { curHash2, curMintedAtMs: nowMs, prevHash2: expected, confirmedAtMs: nowMs }
  return { expected, next: { generation: generation + 1, ...about }, nowMs }
}
