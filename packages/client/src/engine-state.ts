import type { FRONTEND_PATHS, SESSION_NONE, SessionInfoHeader } from '@pawl/protocol/frontend'
import type { SessionEvent, Trouble } from './session-state.ts'
import type { EngineSettings } from './settings.ts'
import type { HeldTokens, PendingSignOut, SharedRecord, Unanswered } from './shared-record.ts'

/** Somebody who waits. `id` is settled exactly once. */
export type Want =
  /** A call that needs another grant than the one it had (undefined: it had none). */
  | { readonly kind: 'call'; readonly id: number; readonly staleGrant: string | undefined }
  /** A refresh that starts after now, whoever else refreshes. */
  | { readonly kind: 'force'; readonly id: number }
  /** The state, once it is known. */
  | { readonly kind: 'know'; readonly id: number }
  /** The pending sign-outs are sent. */
  | { readonly kind: 'leave'; readonly id: number }

/** How a wait ended. `done`: as wished; `none`: there is no session; `trouble`: not for now. */
export type WantResult = 'done' | 'none' | 'trouble'

/** A refresh in flight. */
export interface SentRefresh {
  /** Those who waited for it when it was sent. */
  readonly serves: readonly number[]
  /** What was unanswered before. */
  readonly unansweredBefore: Unanswered | undefined
  /** The count of its attempt. */
  readonly count: number
}

/** What this tab is doing with the lock. One thing at a time. */
export type Task =
  | { readonly kind: 'idle' }
  | { readonly kind: 'locking' }
  | { readonly kind: 'refreshing'; readonly sent: SentRefresh }
  | { readonly kind: 'signing-out'; readonly signOut: PendingSignOut }

/** All that one tab knows. */
export interface EngineState {
  readonly settings: EngineSettings
  /** Random name of this tab. */
  readonly tab: string
  readonly record: SharedRecord
  /** Whether the record stands for the truth as far as anybody knows. */
  readonly certain: boolean
  /** Whether somebody asked for a first contact. */
  readonly probing: boolean
  readonly visible: boolean
  readonly task: Task
  readonly wants: readonly Want[]
  /** Handles signed out by this tab since it last failed to reach the API: the jar is as it was. */
  readonly direct: readonly (string | null)[]
  readonly trouble?: Trouble | undefined
  /** 0 to 1, drawn anew with each grant. */
  readonly jitter: number
  /** When this tab's last refresh was answered; bounds how often it refreshes ahead. */
  readonly refreshedAtMs: number
  /** Whether the record was changed by this tab and has not been written yet. */
  readonly unwritten: boolean
  /** When the alarm is set to, or undefined. */
  readonly alarmAtMs?: number | undefined
  /** What is to be done, gathered during a step; empty between steps. */
  readonly effects: readonly EngineEffect[]
}

/** What a response of our API said. */
export interface Answer {
  readonly status: number
  readonly session: SessionInfoHeader | typeof SESSION_NONE | undefined
  /** The error code of a refusal of ours. */
  readonly code: string | undefined
  /** Header transport: new tokens. */
  readonly tokens: HeldTokens | undefined
  readonly retryAfterMs: number | undefined
  /** When the request was sent, ms since the epoch. */
  readonly startedAtMs: number
  /** The session known when it was sent. */
  readonly handle: string | undefined
}

/** The circumstances of an event. */
export interface Moment {
  readonly nowMs: number
  /** 0 to 1. */
  readonly random: number
  /** What the tabs share at this moment, as far as it can be read. */
  readonly record: SharedRecord | undefined
}

/** What happened. */
export type Happening =
  | { readonly kind: 'started'; readonly visible: boolean }
  /** Another tab has written. */
  | { readonly kind: 'noticed' }
  /** `online`: the device says that it has come back to the network. */
  | { readonly kind: 'woke'; readonly visible: boolean; readonly online: boolean }
  | { readonly kind: 'alarm' }
  | { readonly kind: 'call-asked'; readonly id: number }
  | { readonly kind: 'answered'; readonly answer: Answer }
  | {
      readonly kind: 'call-refused'
      readonly id: number
      readonly code: string
      readonly grant: string | undefined
    }
  | { readonly kind: 'refresh-asked'; readonly id: number }
  | { readonly kind: 'state-asked'; readonly id: number }
  | { readonly kind: 'sign-out-asked'; readonly id: number }
  | { readonly kind: 'lock-held' }
  | { readonly kind: 'task-answered'; readonly answer: Answer }
  | { readonly kind: 'task-failed'; readonly cause: 'network' | 'timeout' }

/** What happened, and when. */
export type EngineEvent = Moment & Happening

/** What is to be done. Effects are done in their order. */
export type EngineEffect =
  | { readonly kind: 'write-record'; readonly record: SharedRecord }
  | { readonly kind: 'take-lock' }
  | { readonly kind: 'release-lock' }
  | {
      readonly kind: 'send'
      readonly route: keyof typeof FRONTEND_PATHS
      readonly refreshToken: string | undefined
    }
  | { readonly kind: 'settle'; readonly id: number; readonly result: WantResult }
  | { readonly kind: 'set-alarm'; readonly atMs: number | undefined }
  | { readonly kind: 'emit'; readonly event: SessionEvent }

/** A state and what is to be done. */
export interface Step {
  readonly state: EngineState
  readonly effects: readonly EngineEffect[]
}
