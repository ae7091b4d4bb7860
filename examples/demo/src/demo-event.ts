/** Who sent a request: the person at the browser, or whoever copied the refresh token. */
export type Actor = 'you' | 'thief'

/** A grant's place in the tree: names made of hash prefixes, they authenticate nothing. */
export interface Place {
  readonly id: string
  readonly parent: string | null
  readonly generation: number
}

/** Which row of the rotation rule granted. */
export type Row = 'current' | 'advance' | 'converge' | 'late' | 'heal'

/** What the demo API tells the page of one session, in order; `seq` counts from 1. */
export type DemoEvent = { readonly seq: number; readonly atMs: number } & DemoFact

/**
 * One thing that happened. `granted` and what ends a session come from the driver's event hook;
 * the others are what the demo API itself saw or did.
 */
export type DemoFact =
  | { readonly kind: 'created'; readonly userId: string; readonly place: Place }
  | { readonly kind: 'granted'; readonly to: Actor; readonly row: Row; readonly place: Place }
  /** The answer that carried this grant was thrown away before it reached the browser. */
  | { readonly kind: 'lost'; readonly id: string }
  /** The next refresh answer of the browser will be thrown away. */
  | { readonly kind: 'armed' }
  /** The demo API treats the current access token as expired from now on. */
  | { readonly kind: 'expired' }
  /** Somebody copied the refresh token that this names. */
  | { readonly kind: 'stolen'; readonly id: string }
  | { readonly kind: 'called'; readonly by: Actor }
  | { readonly kind: 'refused'; readonly by: Actor; readonly code: string }
  | { readonly kind: 'theft'; readonly by: Actor; readonly presented: string | null }
  | { readonly kind: 'ended'; readonly reason: string }

/** What the demo API tells the page once, before anybody logs in. */
export interface DemoSettings {
  readonly accessTtlSeconds: number
  readonly raceWindowMs: number
}

/** What one move of the thief came to. */
export interface ThiefAnswer {
  /** HTTP status of the demo API's answer. */
  readonly status: number
  /** The error code of a refusal, or null. */
  readonly code: string | null
  /** Generation of the refresh token the thief now holds. */
  readonly generation: number | null
  /** What a call of the API gave away, or null. */
  readonly loot: string | null
}
