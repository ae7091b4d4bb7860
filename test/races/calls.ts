import type { EventSink } from '@pawl/core'

/** One call of a race. Tokens are numbered as in {@link Family}. */
export type RaceCall =
  | { readonly kind: 'refresh'; readonly token: number }
  | { readonly kind: 'confirm'; readonly token: number }
  | { readonly kind: 'claims'; readonly value: string }
  | { readonly kind: 'revoke' }

/** The tokens of one session that a race is about. */
export interface Family {
  readonly handle: string
  readonly refreshTokens: readonly string[]
  /** Of the same grants. */
  readonly accessTokens: readonly string[]
}

/** What a process is asked to do in one round. */
export interface RaceOrder {
  readonly family: Family
  readonly calls: readonly RaceCall[]
  /** What this process takes for the time, all through the round. */
  readonly nowMs: number
}

/** What a call was answered, without what is random in it. */
export type RaceAnswer = { readonly [name: string]: string | number | boolean | null }

/** An answer and when the call was made and answered, on a clock that all processes share. */
export interface TimedAnswer {
  readonly answer: RaceAnswer
  readonly startNs: number
  readonly endNs: number
}

/** An event, without what is random in it. */
export type RaceEvent = string

/** What a process did in one round. */
export interface RaceReport {
  readonly answers: readonly TimedAnswer[]
  readonly events: readonly RaceEvent[]
}

/** A call of a round, by whom, and what came of it. */
export interface RacedCall extends TimedAnswer {
  readonly call: RaceCall
  /** Which process made it. */
  readonly process: number
  /** What that process took for the time. */
  readonly nowMs: number
}

/**
 * An event as text. The name of a new grant is random and left out; its parent is not.
 */
export function eventText(event: Parameters<EventSink>[0]): RaceEvent {
  if (event.kind !== 'refreshed') return JSON.stringify(event)
  const { parent, generation } = event.lineage
  return JSON.stringify({ ...event, lineage: { parent, generation } })
}
