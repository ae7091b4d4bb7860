/** THE ACTS that have an audit line: they change who may do what, or end many sessions. */
export const AUDITED_ACTS = [
  'api-key-created',
  'api-key-revoked',
  'api-keys-pruned',
  'app-put',
  'app-removed',
  'tenant-put',
  'tenant-removed',
  'supertokens-settings-put',
  'signing-key-rotated',
  'signing-key-revoked',
  'secret-rotated',
  'secret-rewrapped',
  'sessions-revoked',
  'move-begun',
  'move-finished',
] as const

/** One of {@link AUDITED_ACTS}. */
export type AuditedAct = (typeof AUDITED_ACTS)[number]

/** What an audit line says of an act that succeeded; nothing of it is secret. */
export interface AuditFact {
  readonly what: AuditedAct
  /** The app that it is about; null: all of them. */
  readonly app?: string | null
  readonly tenant?: string
  /** The id of the API key or signing key that it is about. */
  readonly target?: string
  /** What an API key was called. */
  readonly name?: string
  readonly scopes?: readonly string[]
  /** The version that an app or tenant has now. */
  readonly version?: number | null
  /** Whose sessions were ended; without it everybody's in the tenant. */
  readonly userId?: string
  /** The one session that a command ended. */
  readonly handle?: string
  /** The handle of the one session of theirs that was spared. */
  readonly except?: string | undefined
  /** Only what was created up to then was ended, in milliseconds since the epoch. */
  readonly createdBeforeMs?: number | undefined
  /** How many keys, sessions or secrets it was about, where that is known. */
  readonly count?: number
  /** The stores of a move, without passwords. */
  readonly from?: string
  readonly to?: string
}

/** Tells of an act; must return at once. */
export type AuditTeller = (fact: AuditFact) => void
