import { RACE_WINDOW_ASSUMED_MS, type SessionInfoHeader } from '@pawl/protocol/frontend'
import type { Answer, EngineState } from '../engine-state.ts'
import type { EndReason } from '../session-state.ts'
import {
  infoOf,
  type Known,
  type KnownSession,
  mergeRecords,
  type SharedRecord,
  type Unanswered,
} from '../shared-record.ts'

/** What the API said last of the session that is known, if one is. */
export function headerOf({ record: { known } }: EngineState): SessionInfoHeader | undefined {
  return known.kind === 'active' ? known.header : undefined
}

/** The servers' race window in ms, as far as it is known. The strict rule has none: 0. */
export function raceWindowOf(state: EngineState): number {
  return state.settings.raceWindowMs ?? (headerOf(state)?.w || RACE_WINDOW_ASSUMED_MS)
}

/** What is so when the API has told how things are. */
export const contact = { certain: true, probing: false, trouble: undefined }

/** A change of the shared record by this tab: the next revision, which will be written. */
export function amendRecord(
  state: EngineState,
  change: Partial<Pick<SharedRecord, 'known' | 'tokens' | 'signOuts'>>,
): EngineState {
  const { record, tab } = state
  const amended = { ...record, ...change, revision: record.revision + 1, by: tab }
  return { ...state, record: amended, unwritten: true }
}

/** A change of the attempts. Only the holder of the lock may make one. */
export function noteAttempt(state: EngineState, unanswered: Unanswered | undefined): EngineState {
  const attempts = { count: state.record.attempts.count + 1, unanswered }
  return { ...state, record: { ...state.record, attempts }, unwritten: true }
}

/** Takes over what another tab wrote, if it is newer. */
export function adoptRecord(state: EngineState, record: SharedRecord | undefined): EngineState {
  const merged = mergeRecords(state.record, record)
  if (merged === state.record) return state
  const before = state.record.known
  const { known } = merged
  const adopted = { ...state, record: merged }
  if (known === before) return adopted
  if (known.kind === 'none') return { ...adopted, certain: true, probing: false }
  const news =
    known.kind === 'active' &&
    (before.kind !== 'active' || before.contactAtMs !== known.contactAtMs)
  return news ? { ...adopted, ...contact } : adopted
}

/**
 * Takes over what our API said of the session, unless it is the echo of a session that has been
 * replaced or has ended since, or an older word about the same one.
 */
export function learnSession(
  state: EngineState,
  answer: Answer & { readonly session: SessionInfoHeader },
  moment: { readonly nowMs: number; readonly random: number },
): EngineState {
  const { nowMs, random } = moment
  const { session: header, tokens } = answer
  const { record, settings } = state
  const before = record.known
  const same = before.kind === 'active' && before.header.handle === header.handle
  const regranted = !same || before.header.grant !== header.grant
  const held = settings.holdsTokens
  // A grant whose tokens are not here is of no use to who holds the tokens.
  if (held && regranted && tokens?.refresh === undefined) return state
  if (isEcho(before, answer, nowMs)) return state
  const met = { ...state, ...contact }
  const known = describe(answer, same ? before : undefined, nowMs)
  if (same && tokens === undefined && isSameWord(before, known)) return met
  return amendRecord(
    { ...met, jitter: regranted ? random : state.jitter },
    {
      known,
      tokens: held ? { ...(same ? record.tokens : undefined), ...tokens } : undefined,
      // A log-in puts another session in the jar: what was queued must not end it.
      signOuts: held || same ? record.signOuts : [],
    },
  )
}

/** Takes over that there is no session any more; `handle` is the one that it is said of. */
export function forgetSession(
  state: EngineState,
  reason: EndReason,
  of: { readonly handle: string | undefined; readonly nowMs: number },
): EngineState {
  const { known, signOuts } = state.record
  if (known.kind === 'active' && known.header.handle !== of.handle) return state
  const met = { ...state, ...contact }
  const left = state.settings.holdsTokens ? signOuts : []
  if (known.kind === 'none' && left.length === signOuts.length) return met
  return amendRecord(met, {
    known: known.kind === 'none' ? known : { kind: 'none', reason, sinceMs: of.nowMs },
    tokens: undefined,
    signOuts: left,
  })
}

/** Why a session ended, by the code of the refusal and the clock. */
export function endReasonOf(known: Known, code: string | undefined, nowMs: number): EndReason {
  if (code === 'token_theft') return 'theft'
  const over = known.kind === 'active' && nowMs >= infoOf(known).absoluteExpiresAtMs
  return over ? 'expired' : 'ended-elsewhere'
}

/** Whether the answer speaks of what is no longer so. */
function isEcho(
  before: Known,
  answer: Answer & { readonly session: SessionInfoHeader },
  nowMs: number,
): boolean {
  const { session: header, startedAtMs } = answer
  // What was learned at a time to come was learned before this device's clock was set back.
  const wasSentBefore = (atMs: number) => startedAtMs < atMs && atMs <= nowMs
  if (before.kind === 'nothing') return false
  if (before.kind === 'none') {
    if (header.handle === answer.handle) return true
    const unsure = answer.handle === undefined && before.reason === 'signed-out'
    return unsure && wasSentBefore(before.sinceMs)
  }
  const older = header.serverNowMs < before.header.serverNowMs
  if (header.grant === before.header.grant) return older && wasSentBefore(before.contactAtMs)
  if (header.handle === before.header.handle) {
    // Sent after this grant was learned, it tells that the jar has gone back; else it is just late.
    return header.generation <= before.header.generation && wasSentBefore(before.grantedAtMs)
  }
  return header.handle === answer.handle || (older && wasSentBefore(before.learnedAtMs))
}

function describe(
  { session: header, startedAtMs }: Answer & { readonly session: SessionInfoHeader },
  before: KnownSession | undefined,
  nowMs: number,
): KnownSession {
  const same = before?.header.grant === header.grant ? before : undefined
  const lifeMs = header.accessExpiresAtMs - header.serverNowMs
  return {
    kind: 'active',
    header,
    // The server spoke after the request left, so this makes no expiry later than it is.
    offsetMs: startedAtMs - header.serverNowMs,
    learnedAtMs: before?.learnedAtMs ?? nowMs,
    grantedAtMs: same?.grantedAtMs ?? nowMs,
    contactAtMs: nowMs,
    accessLifeMs: Math.max(lifeMs, same?.accessLifeMs ?? 0),
  }
}

/** Whether nothing changed that is worth a write. */
function isSameWord(before: KnownSession, { header }: KnownSession): boolean {
  const { serverNowMs } = header
  return JSON.stringify({ ...before.header, serverNowMs }) === JSON.stringify(header)
}
