import type { SessionInfoHeader } from '@pawl/protocol/frontend'
import { isSessionInfoHeader } from './session-header.ts'
import type { EndReason, SessionInfo } from './session-state.ts'

/** Header transport only: the credentials themselves. */
export interface HeldTokens {
  readonly access?: string
  readonly refresh?: string
}

/** What the tabs know of the session of their common jar. */
export type Known =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'none'; readonly reason: EndReason; readonly sinceMs: number }
  | KnownSession

/** A live session as our API described it last. */
export interface KnownSession {
  readonly kind: 'active'
  readonly header: SessionInfoHeader
  /** Add to a time of the server to get one of this device. Errs to the early side. */
  readonly offsetMs: number
  /** When this handle, this grant, and anything at all was learned; this device's clock. */
  readonly learnedAtMs: number
  readonly grantedAtMs: number
  readonly contactAtMs: number
  /** Life of the access token at its granting. */
  readonly accessLifeMs: number
}

/**
 * A refresh whose answer never came. It may still be on its way, so until then nothing newer than
 * the first child of what it presents may be presented.
 */
export interface Unanswered {
  /** Generation of the token that was presented; null while nobody knows it. */
  readonly generation: number | null
  readonly untilMs: number
}

/**
 * The refreshes that were sent. Changed under the lock only, so it is ordered by its own count,
 * whatever becomes of the rest of the record that it travels with.
 */
export interface Attempts {
  readonly count: number
  readonly unanswered?: Unanswered | undefined
}

/** A sign-out that the API has not confirmed yet. */
export interface PendingSignOut {
  /** Which session is to end; null when it was never known. */
  readonly handle: string | null
  readonly askedAtMs: number
  /** Header transport: the credential that ends it. */
  readonly refreshToken?: string
}

/** What all tabs share. Written whole; the higher revision counts. */
export interface SharedRecord {
  readonly revision: number
  /** The tab that wrote it; decides between equal revisions. */
  readonly by: string
  readonly attempts: Attempts
  readonly known: Known
  readonly tokens?: HeldTokens | undefined
  readonly signOuts: readonly PendingSignOut[]
}

/** Version of the form of the record; part of the name that it is stored under. */
export const RECORD_VERSION = 1

/** The record before anything was learned. */
export const emptyRecord: SharedRecord = {
  revision: 0,
  by: '',
  attempts: { count: 0 },
  known: { kind: 'nothing' },
  signOuts: [],
}

/** Text of a record for the shared storage; without tokens for a channel of the tabs. */
export function encodeRecord(record: SharedRecord): string {
  return JSON.stringify(record)
}

/**
 * The record in a text, or undefined if there is none or it is not ours. Never throws. Only this
 * SDK writes there, under a name that carries the version of the form.
 */
export function decodeRecord(text: string | null): SharedRecord | undefined {
  try {
    const record = JSON.parse(text ?? '') as SharedRecord
    const { attempts, known } = record
    const isOurs = known.kind !== 'active' || isSessionInfoHeader(known.header)
    return isOurs && attempts.count >= 0 ? record : undefined
  } catch {
    // Somebody else's text: start from nothing.
    return undefined
  }
}

/** Whether `a` was written after `b`. Of two written at once, the one that signs out counts. */
export function isNewer(a: SharedRecord, b: SharedRecord): boolean {
  if (a.revision !== b.revision) return a.revision > b.revision
  if (a.signOuts.length !== b.signOuts.length) return a.signOuts.length > b.signOuts.length
  return a.by > b.by
}

/** The newer of two records, with the newer of their attempts. */
export function mergeRecords(a: SharedRecord, b: SharedRecord | undefined): SharedRecord {
  if (b === undefined) return a
  const newer = isNewer(b, a) ? b : a
  const attempts = b.attempts.count > a.attempts.count ? b.attempts : a.attempts
  return newer.attempts === attempts ? newer : { ...newer, attempts }
}

/** What the app may see of a known session. */
export function infoOf({ header, offsetMs }: KnownSession): SessionInfo {
  const { serverNowMs: _now, w: _window, ...info } = header
  return {
    ...info,
    accessExpiresAtMs: header.accessExpiresAtMs + offsetMs,
    absoluteExpiresAtMs: header.absoluteExpiresAtMs + offsetMs,
  }
}
