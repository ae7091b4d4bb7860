import {
  decideRefresh,
  decideUse,
  type EpochMs,
  type PresentedToken,
  prefixOf,
  type Rotation,
  rotationSettings,
  type SecretHash,
  type Session,
} from '@pawl/core'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** A refresh's outcome: the child that was granted, or why not. */
export type Answer =
  | { readonly kind: 'granted'; readonly rule: string; readonly child: PresentedToken }
  | { readonly kind: 'theft' }
  | { readonly kind: 'rejected'; readonly reason: string }

/** One session at a core with the default settings; every time is in milliseconds since log-in. */
export interface Play {
  readonly root: PresentedToken
  refresh(token: PresentedToken, atMs: number): Answer
  /** Refreshes and returns the child; throws unless it was granted. */
  granted(token: PresentedToken, atMs: number): PresentedToken
  /** Reports the use of a grant's access token; whether that confirmed it. */
  use(token: PresentedToken, atMs: number): boolean
  /** What the store holds, to fall back to. */
  snapshot(): Session
  fallBack(earlier: Session): void
}

/** Starts a play at log-in. */
export function play(): Play {
  const settings = rotationSettings()
  let minted = 0
  const mint = (parent: PresentedToken | null, atMs: number): PresentedToken => ({
    hash2: `token-${minted++}` as SecretHash,
    parentHash2: parent?.hash2 ?? null,
    generation: parent === null ? 0 : parent.generation + 1,
    mintedAtMs: atMs as EpochMs,
  })
  const root = mint(null, 0)
  let session = loggedIn(root)
  const apply = (rotation: Rotation | null): void => {
    if (rotation !== null) session = { ...session, ...rotation.next }
  }
  const refresh = (token: PresentedToken, atMs: number): Answer => {
    const nowMs = atMs as EpochMs
    const decision = decideRefresh(session, token, { nowMs, settings, provenKey: null })
    if (decision.kind === 'reject') return { kind: 'rejected', reason: decision.reason }
    if (decision.kind === 'theft') {
      session = { ...session, revokedAtMs: nowMs, endReason: 'theft' }
      return { kind: 'theft' }
    }
    apply(decision.rotation)
    return { kind: 'granted', rule: decision.rule, child: mint(token, atMs) }
  }
  return {
    root,
    refresh,
    granted(token, atMs) {
      const answer = refresh(token, atMs)
      if (answer.kind === 'granted') return answer.child
      throw new Error(`refused at ${atMs / MINUTE} min: ${answer.kind}`)
    },
    use({ hash2, parentHash2, generation, mintedAtMs }, atMs) {
      const nowMs = atMs as EpochMs
      const parent = parentHash2 === null ? null : prefixOf(parentHash2)
      const lineage = { hash2, parent, generation, mintedAtMs }
      const decision = decideUse(session, lineage, { nowMs, settings, firstSeenAtMs: nowMs })
      if (decision.kind === 'advance') apply(decision.rotation)
      return decision.kind === 'advance'
    },
    snapshot: () => session,
    fallBack(earlier) {
      session = earlier
    },
  }
}

function loggedIn(root: PresentedToken): Session {
  return {
    app: 'default',
    tenant: 'default',
    handle: 'session',
    userId: 'user',
    createdAtMs: 0,
    idleTimeoutMs: 30 * 24 * HOUR,
    idleExpiresAtMs: 30 * 24 * HOUR,
    absoluteExpiresAtMs: 365 * 24 * HOUR,
    accessTtlSeconds: 3_600,
    accessKind: 'jwt',
    claims: {},
    data: {},
    device: {},
    keyThumbprint: null,
    revokedAtMs: null,
    endReason: null,
    generation: 0,
    curHash2: root.hash2,
    curMintedAtMs: 0,
    prevHash2: null,
    confirmedAtMs: 0,
  } as unknown as Session
}
