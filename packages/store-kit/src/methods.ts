import type { ContentStore, SessionStore } from '@pawl/core'

/** The methods of the port that are about rows. */
export type SessionMethods = Pick<
  SessionStore,
  'insert' | 'find' | 'rotate' | 'updateClaims' | 'updateData' | 'listByUser' | 'deleteExpired'
>

/** The methods of the port that end sessions, and the log of it. */
export type RevocationMethods = Pick<
  SessionStore,
  | 'revoke'
  | 'revokeByUser'
  | 'revokeBefore'
  | 'revocationsAfter'
  | 'revocationsEnd'
  | 'trimRevocations'
>

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export type ContentMethods = ContentStore & Pick<SessionStore, 'sweepCutOffs'>
