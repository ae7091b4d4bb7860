import type { RefusedSession, SessionInfo, SessionView, VerifiedSession } from '@pawl/protocol'
import type { LineageFacts } from '../domain/events.ts'
import { type EpochMs, type HashPrefix, prefixOf, type SecretHash } from '../domain/ids.ts'
import type { Lineage, Session } from '../domain/session.ts'
import type { OpenedAccessToken } from '../ports/tokens.ts'

/** A session as back ends see it. */
export function viewOf(session: Session): SessionView {
  return {
    handle: session.handle,
    userId: session.userId,
    tenant: session.tenant,
    claims: session.claims,
    createdAtMs: session.createdAtMs,
    idleExpiresAtMs: session.idleExpiresAtMs,
    absoluteExpiresAtMs: session.absoluteExpiresAtMs,
  }
}

/** A session with its server-side data. */
export function infoOf(session: Session): SessionInfo {
  return { ...viewOf(session), data: session.data, device: session.device }
}

/** A lineage as events and answers name it: prefixes only. */
export function lineageFacts(lineage: {
  readonly hash2: SecretHash
  readonly parent: HashPrefix | null
  readonly generation: number
}): LineageFacts {
  return {
    id: prefixOf(lineage.hash2),
    parent: lineage.parent,
    generation: lineage.generation,
  }
}

/** What a good access token says; where the row was read, its user and claims count. */
export function verifiedOf(
  token: OpenedAccessToken,
  session: Session | undefined,
): VerifiedSession {
  return {
    handle: token.handle,
    userId: session?.userId ?? token.userId,
    tenant: token.tenant,
    claims: session?.claims ?? token.claims,
    issuedAtMs: token.issuedAtMs,
    expiresAtMs: token.expiresAtMs,
    lineage: lineageFacts(token.lineage),
  }
}

/** The lineage of a refresh token, as its access tokens carry it. */
export function lineageOf(token: {
  readonly hash2: SecretHash
  readonly parentHash2: SecretHash | null
  readonly generation: number
  readonly mintedAtMs: EpochMs
}): Lineage {
  const { hash2, parentHash2, generation, mintedAtMs } = token
  return {
    hash2,
    parent: parentHash2 === null ? null : prefixOf(parentHash2),
    generation,
    mintedAtMs,
  }
}

/** Which session a refusal is about. */
export function refusedSession(session: Session, reason: string): RefusedSession {
  const { handle, userId, tenant } = session
  return { handle, userId, tenant, reason }
}
