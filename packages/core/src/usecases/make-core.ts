import {
  type CoreApi,
  type Operation,
  type Outcome,
  ok,
  type ParsedRequestOf,
  parseRequest,
  type RequestOf,
  type ResponseOf,
  refuse,
} from '@pawl/protocol'
import { isStoreError } from '../ports/store-error.ts'
import { confirmUses } from './confirm-uses.ts'
import { createSession } from './create-session.ts'
import type { AppContext } from './deps.ts'
import { listRevocations } from './list-revocations.ts'
import {
  getApp,
  getTenant,
  listApps,
  listTenants,
  putApp,
  putTenant,
  removeApp,
  removeTenant,
} from './manage-apps.ts'
import { getSession, listSessions } from './read-sessions.ts'
import { refreshSession } from './refresh-session.ts'
import { replaceClaims, replaceData } from './replace-claims.ts'
import { revokeSession, revokeSessions, signOut } from './revoke-session.ts'
import { verifySession } from './verify-session.ts'

type UseCase<K extends Operation> = (
  context: AppContext,
  request: ParsedRequestOf<K>,
) => Promise<Outcome<ResponseOf<K>>>

const USE_CASES: { readonly [K in Operation]: UseCase<K> } = {
  createSession,
  refreshSession,
  verifySession,
  confirmUses,
  signOut,
  revokeSessions,
  listRevocations,
  listSessions,
  getSession,
  replaceClaims,
  replaceData,
  revokeSession,
  listApps,
  getApp,
  putApp,
  removeApp,
  listTenants,
  getTenant,
  putTenant,
  removeTenant,
  getSettings,
  getKeys,
}

/** How long a caller waits after `unavailable`, in seconds. */
const RETRY_AFTER_SECONDS = 1

/**
 * The core of one app over its ports. Requests are parsed here, once, whatever way they came; a
 * `StoreError` becomes the refusal `unavailable`; anything else thrown is a fault of the program.
 */
export function makeCore(context: AppContext): CoreApi {
  const call =
    <K extends Operation>(operation: K) =>
    async (request: RequestOf<K>): Promise<Outcome<ResponseOf<K>>> => {
      const parsed = parseRequest(operation, request)
      if (parsed.kind === 'refused') return parsed
      try {
        return await USE_CASES[operation](context, parsed.value)
      } catch (error) {
        if (!isStoreError(error)) throw error
        context.onStoreError?.(error)
        const retryAfterSeconds = RETRY_AFTER_SECONDS
        return refuse('unavailable', `the store is ${error.kind}`, { retryAfterSeconds })
      }
    }
  return {
    createSession: call('createSession'),
    refreshSession: call('refreshSession'),
    verifySession: call('verifySession'),
    confirmUses: call('confirmUses'),
    signOut: call('signOut'),
    revokeSessions: call('revokeSessions'),
    listRevocations: call('listRevocations'),
    listSessions: call('listSessions'),
    getSession: call('getSession'),
    replaceClaims: call('replaceClaims'),
    replaceData: call('replaceData'),
    revokeSession: call('revokeSession'),
    listApps: call('listApps'),
    getApp: call('getApp'),
    putApp: call('putApp'),
    removeApp: call('removeApp'),
    listTenants: call('listTenants'),
    getTenant: call('getTenant'),
    putTenant: call('putTenant'),
    removeTenant: call('removeTenant'),
    getSettings: call('getSettings'),
    getKeys: call('getKeys'),
    followRevocations: (options) => context.revocationFeed.follow(context.app, options),
    close: async () => {},
  }
}

async function getSettings(context: AppContext): Promise<Outcome<ResponseOf<'getSettings'>>> {
  const { rotation, confirm, issuer, audience, accessTtlSeconds, accessKind } = context.settings
  return ok({
    app: context.app,
    issuer,
    audience,
    confirm,
    ...rotation,
    accessTtlSeconds,
    accessKind,
  })
}

async function getKeys(context: AppContext): Promise<Outcome<ResponseOf<'getKeys'>>> {
  const { keys, maxAgeSeconds } = await context.publicKeys.publicKeySet(context.app)
  return ok({ keys: [...keys], maxAgeSeconds })
}
