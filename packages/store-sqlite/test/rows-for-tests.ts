import type { AppId, EpochMs, Rotation, Session, UserId } from '@pawl/core'
import { hashOf, sessionOf } from '../../../test/engines/trouble/labelled-sessions.ts'

/** The same in every process of a test. */
const NOW_MS = 1_800_000_000_000 as EpochMs

/** A live session, told from others by a label. */
export function newRow(label: string): Session {
  return sessionOf(label, {
    app: 'default' as AppId,
    userId: 'user' as UserId,
    curMintedAtMs: NOW_MS,
    confirmedAtMs: NOW_MS,
    createdAtMs: NOW_MS,
    idleExpiresAtMs: (NOW_MS + 3_600_000) as EpochMs,
    absoluteExpiresAtMs: (NOW_MS + 86_400_000) as EpochMs,
  })
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
