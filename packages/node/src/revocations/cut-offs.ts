import type { RevocationNotice, VerifiedSession } from '@pawl/protocol'

/** What is known of a session: `unsure` means that only the core knows. */
export type Standing = 'live' | 'ended' | 'unsure'

/**
 * A refresh that was under way when a cut-off was set may still bear a later time: clocks of cores
 * differ, and a refresh waits at most half a race window. In ms.
 */
export const UNDER_WAY_MS = 120_000

/** Everything of a scope that was created at or before `beforeMs`, ended at `atMs`. */
export interface CutOff {
  readonly beforeMs: number
  readonly atMs: number
  /** The generation of the memory that it came with. */
  readonly generation: number
}

/** A notice of a cut-off. */
export type CutOffNotice = Extract<RevocationNotice, { kind: 'cut-off' }>

/** The cut-offs of users and tenants. */
export interface CutOffs {
  readonly size: number
  /** Takes one in if its scope is known already or `mayGrow`; false if it was left out. */
  take(notice: CutOffNotice, generation: number, mayGrow: boolean): boolean
  judge(session: VerifiedSession, mintedAtMs: number, clearedBy: number): Standing
  /** Forgets what was set before. */
  forgetBefore(sinceMs: number): void
}

/** Cut-offs by scope, one for each: a later one widens the one before. */
export function makeCutOffs(): CutOffs {
  const users = new Map<string, CutOff>()
  const tenants = new Map<string, CutOff>()
  return {
    get size() {
      return users.size + tenants.size
    },
    take({ tenant, userId, beforeMs, atMs }, generation, mayGrow) {
      const scope = userId === null ? tenants : users
      const key = userId === null ? tenant : userKey(tenant, userId)
      const known = scope.get(key)
      if (known === undefined && !mayGrow) return false
      if (known !== undefined && beforeMs <= known.beforeMs && atMs <= known.atMs) return true
      // Put at the end: the order of the map is the order of age.
      scope.delete(key)
      scope.set(key, widenCutOff(known, { beforeMs, atMs, generation }))
      return true
    },
    judge(session, mintedAtMs, clearedBy) {
      const { tenant, userId, lineage } = session
      const about = { mintedAtMs, isFirst: lineage.generation === 0, clearedBy }
      const byTenant = judgeCutOff(tenants.size > 0 ? tenants.get(tenant) : undefined, about)
      if (byTenant === 'ended' || users.size === 0) return byTenant
      const byUser = judgeCutOff(users.get(userKey(tenant, userId)), about)
      return byUser === 'live' ? byTenant : byUser
    },
    forgetBefore(sinceMs) {
      for (const scope of [users, tenants]) {
        for (const [key, cutOff] of scope) {
          if (cutOff.atMs >= sinceMs) break
          scope.delete(key)
        }
      }
    },
  }
}

/**
 * A refresh token minted before the cut-off proves that its session was created before it. The
 * first one is as old as its session, so that it says it all; and a refresh after the cut-off was
 * set would have been refused. In between only the core knows when the session began.
 */
function judgeCutOff(
  cutOff: CutOff | undefined,
  about: {
    readonly mintedAtMs: number
    readonly isFirst: boolean
    readonly clearedBy: number
  },
): Standing {
  if (cutOff === undefined) return 'live'
  if (about.mintedAtMs <= cutOff.beforeMs) return 'ended'
  if (about.isFirst || about.mintedAtMs > cutOff.atMs + UNDER_WAY_MS) return 'live'
  return about.clearedBy >= cutOff.generation ? 'live' : 'unsure'
}

/** Two cut-offs of one scope as one that covers both: it may be unsure where each was sure. */
export function widenCutOff(known: CutOff | undefined, next: CutOff): CutOff {
  if (known === undefined) return next
  return {
    beforeMs: Math.max(known.beforeMs, next.beforeMs),
    atMs: Math.max(known.atMs, next.atMs),
    generation: next.generation,
  }
}

/** Names of tenants hold no line break. */
function userKey(tenant: string, userId: string): string {
  return `${tenant}\n${userId}`
}
