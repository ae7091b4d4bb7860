import type { AppId, EpochMs, SessionHandle, TenantId, UserId } from './ids.ts'
import type { GrantRule } from './rotation.ts'
import type { EndReason } from './session.ts'

/** Which session an event is about. */
interface EventSubject {
  readonly app: AppId
  readonly tenant: TenantId
  readonly handle: SessionHandle
  readonly userId: UserId
  readonly atMs: EpochMs
}

/** A position in the tree of grants; made of hash prefixes, it authenticates nothing. */
export interface LineageFacts {
  /** 16 characters. */
  readonly id: string
  readonly parent: string | null
  readonly generation: number
}

/**
 * What happened to a session. `refreshed` comes with every grant of a refresh; `race`, `late` and
 * `store-behind` follow it when rows 3, 4 or 5 of the rule granted. `confirmed` is a row advanced
 * by a settled use. `theft` is followed by `ended` with the reason `theft`.
 */
export type SessionEvent = EventSubject &
  (
    | { readonly kind: 'created'; readonly lineage: LineageFacts }
    | { readonly kind: 'refreshed'; readonly rule: GrantRule; readonly lineage: LineageFacts }
    | { readonly kind: 'race' | 'late' | 'store-behind'; readonly lineage: LineageFacts }
    | { readonly kind: 'confirmed'; readonly generation: number }
    | { readonly kind: 'theft'; readonly presented: LineageFacts }
    | { readonly kind: 'ended'; readonly reason: EndReason }
  )

/**
 * Where events go. Called in the request's path after the write was acknowledged: an observer
 * returns at once; one that throws is reported and never fails the request.
 */
export type EventSink = (event: SessionEvent) => void
