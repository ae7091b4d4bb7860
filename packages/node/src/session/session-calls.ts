import {
  type JsonObjectValue,
  type Outcome,
  type RequestOf,
  type ResponseOf,
  refuse,
  type SessionInfo,
} from '@pawl/protocol'
import { PawlError } from '../pawl-error.ts'
import { authenticationIn, withAuthentication } from './authentication.ts'
import { type Driver, noteEnded, unwrap } from './driver.ts'

/** The tenant a call is about; default `default`. */
export interface InTenant {
  readonly tenant?: string
}

/** A user of a tenant (default `default`), or a whole tenant, which has to be named. */
export type UserOrTenant =
  | { readonly userId: string; readonly tenant?: string }
  | { readonly tenant: string }

/**
 * Calls about any session, not only that of a request: for account pages, operators and jobs. They
 * throw a `PawlError` when refused: `tenant_unknown`, `unavailable`; `invalid_request` for a value
 * that is missing, so that a user id that is undefined never ends more than was meant.
 */
export interface SessionCalls {
  /** A live session with its claims, data and times; undefined if there is none (any more). */
  getSession(handle: string, where?: InTenant): Promise<SessionInfo | undefined>
  /** Lists the live sessions of a user, oldest first, in pages. */
  listSessions(
    userId: string,
    page?: Omit<RequestOf<'listSessions'>, 'userId'>,
  ): Promise<ResponseOf<'listSessions'>>
  /**
   * Replaces the claims of a session; false if there is none (any more). Its front end gets them in
   * the access token of its next refresh; routes with `checkStore`, and opaque tokens, see them at
   * once. What a log-in has written (`auth_time`, `acr`, `amr`) stays as it is, whatever is said of
   * it here. Throws `claims_reserved`, `token_too_large`, too; then nothing was changed.
   */
  replaceClaims(handle: string, claims: JsonObjectValue, where?: InTenant): Promise<boolean>
  /** Replaces the server-side data of a session, seen at once; false if there is none. */
  replaceData(handle: string, data: JsonObjectValue, where?: InTenant): Promise<boolean>
  /** Ends one session; false if there is none (any more) to be ended. */
  revokeSession(handle: string, where?: InTenant): Promise<boolean>
  /** Ends all sessions of a user but one; gives back the handles. */
  revokeOthers(userId: string, keep: string, where?: InTenant): Promise<readonly string[]>
  /** Ends all sessions of a user; gives back the handles. */
  revokeAll(userId: string, where?: InTenant): Promise<readonly string[]>
  /** Ends every session of a tenant. It names no handles: it costs the same for a million. */
  revokeTenant(tenant: string): Promise<void>
  /**
   * Ends what was created at or before a time (ms since the epoch, of the core's clock; one to come
   * means now), of a user or of a whole tenant. Names no handles.
   */
  revokeBefore(createdBeforeMs: number, whose: UserOrTenant): Promise<void>
}

/** The calls of one driver about any session. */
export function makeSessionCalls(driver: Driver): SessionCalls {
  const { core } = driver
  return {
    getSession: async (handle, where = {}) => foundIn(await core.getSession({ handle, ...where })),
    listSessions: async (userId, page = {}) => unwrap(await core.listSessions({ userId, ...page })),
    replaceClaims: async (handle, claims, where = {}) => {
      const current = foundIn(await core.getSession({ handle, ...where }))
      if (current === undefined) return false
      const next = withAuthentication(claims, authenticationIn(current.claims))
      return foundIn(await core.replaceClaims({ handle, claims: next, ...where })) !== undefined
    },
    replaceData: async (handle, data, where = {}) =>
      foundIn(await core.replaceData({ handle, data, ...where })) !== undefined,
    ...makeRevokingCalls(driver),
  }
}

type RevokingCalls = Pick<
  SessionCalls,
  'revokeSession' | 'revokeOthers' | 'revokeAll' | 'revokeTenant' | 'revokeBefore'
>

function makeRevokingCalls(driver: Driver): RevokingCalls {
  const { core } = driver
  const endOfUser = async (
    request: RequestOf<'revokeSessions'> & { readonly userId: string },
  ): Promise<readonly string[]> => {
    const { handles } = unwrap(await core.revokeSessions(request))
    const { userId, tenant = 'default' } = request
    noteEnded(driver, 'revoked', ...handles.map((handle) => ({ handle, userId, tenant })))
    return handles
  }
  return {
    revokeSession: async (handle, where = {}) => {
      const { revoked } = unwrap(await core.revokeSession({ handle, ...where }))
      // Not otherwise: in a tenant that was not named it may well live.
      if (revoked) noteEnded(driver, 'revoked', { handle, tenant: where.tenant ?? 'default' })
      return revoked
    },
    revokeOthers: async (userId, keep, where = {}) =>
      endOfUser({ userId: given(userId, 'userId'), except: given(keep, 'keep'), ...where }),
    revokeAll: async (userId, where = {}) =>
      endOfUser({ userId: given(userId, 'userId'), ...where }),
    revokeTenant: async (tenant) => {
      unwrap(await core.revokeSessions({ tenant: given(tenant, 'tenant') }))
    },
    revokeBefore: async (timeMs, whose) => {
      const createdBeforeMs = given(timeMs, 'createdBeforeMs')
      const scope =
        'userId' in whose
          ? { ...whose, userId: given(whose.userId, 'userId') }
          : { tenant: given(whose.tenant, 'tenant') }
      unwrap(await core.revokeSessions({ ...scope, createdBeforeMs }))
    },
  }
}

/** What the types promise and plain JavaScript may not keep: the core would take it as left out. */
function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new PawlError(refuse('invalid_request', `${name}: is missing`))
  return value
}

/** The value of an outcome about a session that may have ended: undefined if it has. */
function foundIn<T>(outcome: Outcome<T>): T | undefined {
  const isGone = outcome.kind === 'refused' && outcome.code === 'session_not_found'
  return isGone ? undefined : unwrap(outcome)
}
