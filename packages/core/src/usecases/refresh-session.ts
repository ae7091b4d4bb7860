import { type Grant, type Outcome, ok, type ParsedRequestOf, refuse } from '@pawl/protocol'
import type { EpochMs, KeyThumbprint, SecretHash } from '../domain/ids.ts'
import { childMintedAtMs } from '../domain/minting-time.ts'
import {
  decideRefresh,
  type GrantRule,
  proposeAdvance,
  type RefreshDecision,
} from '../domain/rotation.ts'
import type { Session } from '../domain/session.ts'
import type { OpenedRefreshToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'
import { prepareGrant } from './make-grant.ts'
import { ofOneSession } from './of-one-session.ts'
import { revokeOnce } from './revoke-once.ts'
import { lineageFacts, lineageOf, refusedSession } from './views.ts'

/** How often a refresh decides again when the row moved under it, before it answers 503. */
const DECISIONS_MAX = 16

/** Events that rows 3 to 5 of the rule add to `refreshed`. */
const EVENT_OF_RULE = { converge: 'race', late: 'late', heal: 'store-behind' } as const

type Verdict =
  | { readonly kind: 'grant'; readonly rule: GrantRule; readonly session: Session; nowMs: EpochMs }
  | { readonly kind: 'theft'; readonly judged: SecretHash; readonly session: Session }
  | {
      readonly kind: 'reject'
      readonly reason: Extract<RefreshDecision, { kind: 'reject' }>['reason']
      readonly session: Session | undefined
    }
  | { readonly kind: 'undecided' }

/**
 * Presents refresh tokens: load, decide, swap. Several tokens come from duplicate cookies of one
 * name; the newest generation is tried first, and nothing is called theft while one of them is
 * good. Those that are good for different sessions are nobody's (`sessions_conflict`): no session
 * changes or ends. Refuses `refresh_token_invalid`, `session_ended`, `proof_required`,
 * `token_theft`; `unavailable` if the row kept moving.
 */
export async function refreshSession(
  context: AppContext,
  request: ParsedRequestOf<'refreshSession'>,
): Promise<Outcome<Grant>> {
  const opened = openAll(context, request.refreshTokens)
  const provenKey = (request.provenKey ?? null) as KeyThumbprint | null
  const cameAtMs = context.clock.nowMs()
  const candidates = opened.length > 1 ? await ofOneSession(context, opened, provenKey) : opened
  if (candidates === undefined) return refuse('sessions_conflict')
  let refused: Outcome<Grant> = refuse('refresh_token_invalid')
  let stolen: OpenedRefreshToken | undefined
  for (const [index, x] of candidates.entries()) {
    const verdict = await judge(context, x, provenKey)
    if (verdict.kind === 'grant') return grantChild(context, x, verdict)
    if (verdict.kind === 'undecided') return refuseUndecided()
    if (verdict.kind === 'theft') stolen ??= x
    else if (index === 0 || refused.kind !== 'refused') refused = refusalOf(verdict)
  }
  return stolen === undefined ? refused : endStolen(context, stolen, { provenKey, cameAtMs })
}

function openAll(context: AppContext, tokens: readonly string[]): readonly OpenedRefreshToken[] {
  const opened: OpenedRefreshToken[] = []
  for (const token of tokens.length === 1 ? tokens : new Set(tokens)) {
    const x = context.refreshTokens.open(token)
    if (x !== undefined && x.app === context.app) opened.push(x)
  }
  return opened.sort((a, b) => b.generation - a.generation)
}

/** Decides on one token and applies the rotation it calls for; a theft is only reported. */
async function judge(
  context: AppContext,
  x: OpenedRefreshToken,
  provenKey: KeyThumbprint | null,
): Promise<Verdict> {
  const { store, clock } = context
  const settings = context.settings.rotation
  let nowMs = clock.nowMs()
  // Row 2 is its own condition: tried before the row was read, it costs one round trip, not two.
  const proposal = x.keyThumbprint === provenKey ? proposeAdvance(x, nowMs) : undefined
  const first = proposal === undefined ? undefined : await store.rotate(x, proposal)
  if (first?.advanced) return { kind: 'grant', rule: 'advance', session: first.session, nowMs }
  let session = proposal === undefined ? await store.find(x) : first?.session

  for (let attempt = 0; attempt < DECISIONS_MAX; attempt++) {
    nowMs = clock.nowMs()
    const decision = decideRefresh(session, x, { nowMs, settings, provenKey })
    if (decision.kind === 'reject') return { ...decision, session }
    if (session === undefined) throw new Error('a session that is absent can only be rejected')
    if (decision.kind === 'theft') return { ...decision, session }
    const { rule, rotation } = decision
    if (rotation === null) return { kind: 'grant', rule, session, nowMs }
    const swapped = await store.rotate(x, rotation)
    if (swapped?.advanced) return { kind: 'grant', rule, session: swapped.session, nowMs }
    session = swapped?.session
  }
  return { kind: 'undecided' }
}

async function grantChild(
  context: AppContext,
  x: OpenedRefreshToken,
  verdict: Extract<Verdict, { kind: 'grant' }>,
): Promise<Outcome<Grant>> {
  const { rule, session, nowMs } = verdict
  const { raceWindowMs } = context.settings.rotation
  const mintedAtMs = childMintedAtMs(x.mintedAtMs, nowMs, raceWindowMs)
  const family = { session, origin: x.origin, parent: x }
  const prepared = prepareGrant(context, { ...family, mintedAtMs, nowMs })
  const grant = await prepared.finish(session, rule)
  if (grant === undefined) return refuse('token_too_large')
  const { app, tenant, handle, userId } = session
  const subject = { app, tenant, handle, userId, atMs: nowMs }
  context.emit({ ...subject, kind: 'refreshed', rule, lineage: prepared.lineage })
  if (rule !== 'current' && rule !== 'advance') {
    const presented = lineageFacts(lineageOf(x))
    context.emit({ ...subject, kind: EVENT_OF_RULE[rule], lineage: presented })
  }
  return ok(grant)
}

/**
 * Row 6: ends the session while the hash that was judged is current; else decides again. A refresh
 * that waited for the store longer than half a race window is not decided: it came in time, and
 * may be one of an honest race.
 */
async function endStolen(
  context: AppContext,
  x: OpenedRefreshToken,
  asked: { readonly provenKey: KeyThumbprint | null; readonly cameAtMs: EpochMs },
): Promise<Outcome<Grant>> {
  const { raceWindowMs } = context.settings.rotation
  for (let attempt = 0; attempt < DECISIONS_MAX; attempt++) {
    const verdict = await judge(context, x, asked.provenKey)
    if (verdict.kind === 'grant') return grantChild(context, x, verdict)
    if (verdict.kind === 'undecided') return refuseUndecided()
    if (verdict.kind === 'reject') return refusalOf(verdict)
    const nowMs = context.clock.nowMs()
    if (raceWindowMs > 0 && nowMs - asked.cameAtMs > raceWindowMs / 2) return refuseUndecided()
    const { app, tenant, handle, userId } = verdict.session
    const tell = () => {
      const subject = { app, tenant, handle, userId, atMs: nowMs }
      context.emit({ ...subject, kind: 'theft', presented: lineageFacts(lineageOf(x)) })
      context.emit({ ...subject, kind: 'ended', reason: 'theft' })
    }
    const revocation = { reason: 'theft', nowMs, judged: verdict.judged } as const
    if (await revokeOnce(context, x, { ...revocation, tell })) {
      return refuse('token_theft', undefined, {
        session: refusedSession(verdict.session, 'theft'),
      })
    }
  }
  return refuseUndecided()
}

function refusalOf(verdict: Extract<Verdict, { kind: 'reject' }>): Outcome<Grant> {
  const { reason, session } = verdict
  if (reason === 'proof-required') return refuse('proof_required')
  if (session === undefined) return refuse('session_ended')
  const why = reason === 'revoked' ? (session.endReason ?? 'revoked') : reason
  return refuse('session_ended', undefined, { session: refusedSession(session, why) })
}

function refuseUndecided(): Outcome<Grant> {
  return refuse('unavailable', 'the session was busy: try again', { retryAfterSeconds: 1 })
}
