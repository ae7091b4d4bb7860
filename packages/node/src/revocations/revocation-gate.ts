import { type Outcome, type Refusal, refuse, type VerifiedSession } from '@pawl/protocol'
import type { CoreCalls, NowMs, ReportFault } from '../ports.ts'
import { type CoreAnswer, makeAskCore } from './ask-core.ts'
import type { Standing } from './cut-offs.ts'
import type { FeedFollower } from './feed-follower.ts'
import type { RevocationFeedOptions } from './feed-options.ts'
import type { RevokedMemory } from './revoked-memory.ts'

/** While the feed is stale, an answer of the core counts for so long, in ms. */
const ANSWER_COUNTS_MS = 1_000
/** What a cut-off and a core that does not say mean. */
const REASON_ASSUMED = 'revoked'
const ENDED: Refusal = Object.freeze(refuse('session_ended'))
const UNKNOWN: Refusal = Object.freeze(
  refuse('unavailable', 'the session cannot be checked now', { retryAfterSeconds: 2 }),
)

/** What the gate keeps with a verified token. */
export interface GatedToken {
  readonly outcome: Outcome<VerifiedSession>
  readonly session: VerifiedSession
  /** Minting time of the refresh token of its grant, ms since the epoch. */
  readonly mintedAtMs: number
  readonly gate: GateNotes
}

/** Notes of the gate on one token. */
export interface GateNotes {
  /** Generation of the memory by which the session was found live. */
  generation: number
  /** Generation as of which the core said that it lives. */
  clearedBy: number
  /** Until when that answer counts while the feed is stale. */
  checkedUntilMs: number
  /** The core said that it has ended. */
  isEnded: boolean
  pending: Promise<CoreAnswer> | undefined
}

/** Notes on a token that was not judged yet. */
export function freshNotes(): GateNotes {
  return {
    generation: -1,
    clearedBy: -1,
    checkedUntilMs: Number.NEGATIVE_INFINITY,
    isEnded: false,
    pending: undefined,
  }
}

/** What stands between a good token and a session: what is known to have ended. */
export interface RevocationGate {
  /** Judges a token found good: at once, unless the core must be asked. */
  pass(
    token: string,
    entry: GatedToken,
    nowMs: number,
  ): Outcome<VerifiedSession> | Promise<Outcome<VerifiedSession>>
}

/** A gate that is always open: no feed is followed. */
export const OPEN_GATE: RevocationGate = {
  pass: (_token, entry) => entry.outcome,
}

/** What a gate stands on. */
export interface RevocationGateDeps {
  readonly core: Pick<CoreCalls, 'verifySession'>
  readonly memory: RevokedMemory
  readonly follower: Pick<FeedFollower, 'headAtMs' | 'start'>
  readonly options: Required<RevocationFeedOptions>
  readonly nowMs: NowMs
  readonly reportFault: ReportFault
  /** Told of a session that is refused though nothing has named it: it may be told twice. */
  readonly onEnded?: (session: VerifiedSession, reason: string) => void
}

/**
 * The gate over a memory and its feed. With a feed that is complete, a token costs two comparisons,
 * and one look-up after each change. While it is stale, the core is asked once per token and
 * second; a core that does not answer is asked by one request at a time, and the others do not
 * wait.
 */
export function makeRevocationGate(deps: RevocationGateDeps): RevocationGate {
  const { memory, follower, nowMs } = deps
  const { onStale, staleAfterMs, coreDownSeconds } = deps.options
  const askCore = makeAskCore(deps.core, nowMs)
  let startedAtMs: number | undefined
  let isGoingOn = false

  function isFresh(now: number): boolean {
    if (startedAtMs === undefined) {
      startedAtMs = now
      follower.start()
    }
    if (onStale === 'go-on') return true
    const ageMs = now - follower.headAtMs
    // A clock that was set back must not make an old feed young.
    return ageMs <= staleAfterMs && ageMs >= -staleAfterMs
  }

  async function ask(token: string, { gate, session }: GatedToken): Promise<CoreAnswer> {
    const live = { generation: memory.generation, untilMs: nowMs() + ANSWER_COUNTS_MS }
    const answer = await askCore(token)
    if (answer.kind === 'silent') return answer
    isGoingOn = false
    noteAnswer(gate, answer, live)
    if (gate.isEnded) deps.onEnded?.(session, reasonOf(answer))
    return answer
  }

  async function askOnce(
    token: string,
    entry: GatedToken,
    isUnsure: boolean,
  ): Promise<Outcome<VerifiedSession>> {
    const { gate } = entry
    gate.pending ??= ask(token, entry).finally(() => {
      gate.pending = undefined
    })
    const answer = await gate.pending
    if (answer.kind === 'refused') return answer.refusal
    // The feed may have brought the news while the core was asked.
    if (memory.judge(entry.session, entry.mintedAtMs, gate.clearedBy) === 'ended') return ENDED
    if (answer.kind === 'live') return entry.outcome
    return !isUnsure && mayGoOn() ? entry.outcome : UNKNOWN
  }

  function mayGoOn(): boolean {
    const { headAtMs } = follower
    const ageMs = nowMs() - (Number.isFinite(headAtMs) ? headAtMs : (startedAtMs ?? headAtMs))
    const isWithin = Math.abs(ageMs) < coreDownSeconds * 1000
    if (isWithin && !isGoingOn) {
      isGoingOn = true
      const message = `neither the feed of revocations nor the core can be reached: verification goes on without them for at most ${coreDownSeconds} s`
      deps.reportFault({ where: 'feed', message })
    }
    return isWithin
  }

  return {
    pass(token, entry, now) {
      const standing = standingOf(memory, entry)
      if (standing === 'ended') {
        if (isUnnamed(memory, entry)) deps.onEnded?.(entry.session, REASON_ASSUMED)
        return ENDED
      }
      const isUnsure = standing === 'unsure'
      if (!isUnsure && (isFresh(now) || isChecked(entry, now))) return entry.outcome
      return askOnce(token, entry, isUnsure)
    },
  }
}

type Decided = Exclude<CoreAnswer, { kind: 'silent' }>

/** Whether the core has just said that it lives. The time may have been set back since. */
function isChecked({ gate }: GatedToken, now: number): boolean {
  return now < gate.checkedUntilMs && gate.checkedUntilMs - now <= ANSWER_COUNTS_MS
}

function noteAnswer(
  gate: GateNotes,
  answer: Decided,
  live: { readonly generation: number; readonly untilMs: number },
): void {
  if (answer.kind === 'live') {
    gate.clearedBy = live.generation
    gate.checkedUntilMs = live.untilMs
  } else gate.isEnded = answer.refusal.code === 'session_ended'
}

function reasonOf(answer: Decided): string {
  const session = answer.kind === 'refused' ? answer.refusal.session : undefined
  return session?.reason ?? REASON_ASSUMED
}

/** A cut-off names nobody: who was meant is known once they come. */
function isUnnamed(memory: RevokedMemory, { session, gate }: GatedToken): boolean {
  return !gate.isEnded && !memory.knows(session.handle)
}

function standingOf(memory: RevokedMemory, { session, mintedAtMs, gate }: GatedToken): Standing {
  if (gate.isEnded) return 'ended'
  const { generation } = memory
  if (gate.generation === generation) return 'live'
  const standing = memory.judge(session, mintedAtMs, gate.clearedBy)
  if (standing === 'live') gate.generation = generation
  return standing
}
