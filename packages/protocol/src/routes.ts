import type * as v from 'valibot'
import type { ErrorCode } from './errors.ts'
import type { shapes } from './schemas.ts'

/** What an API key must be allowed to call a route; `open` needs no key. */
export type Scope = 'open' | 'metrics' | 'read' | 'verify' | 'write' | 'admin'

/** One route of the native API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path below the app; `{name}` takes a field of the request. */
  readonly path: string
  readonly scope: Scope
  readonly summary: string
  /** Refusals beyond those any route can give (`COMMON_ERRORS`). */
  readonly errors: readonly ErrorCode[]
  /** True for a route about the whole installation: it is there for the default app alone. */
  readonly isRootOnly?: true
}

/** Whether fields beside the path travel in a JSON body (else in the query). */
export function carriesBody(method: Route['method']): boolean {
  return method === 'POST' || method === 'PUT'
}

/** Refusals that every route can give. */
export const COMMON_ERRORS = [
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'api_key_required',
  'api_key_scope',
  'app_unknown',
  'tenant_unknown',
  'rate_limited',
  'unavailable',
  'internal',
] as const satisfies readonly ErrorCode[]

/**
 * THE ROUTE TABLE of the native API, by operation. An app other than `default` is reached below
 * `/apps/{app}`. Fields of the request that are not in the path travel in the query (GET) or in the
 * JSON body. Schemas are in `shapes` under the same name.
 */
export const ROUTES = {
  createSession: {
    method: 'POST',
    path: '/v1/sessions',
    scope: 'write',
    summary: 'Start a session for a user and grant its first tokens.',
    errors: ['claims_reserved', 'token_too_large', 'session_limit'],
  },
  refreshSession: {
    method: 'POST',
    path: '/v1/sessions/refresh',
    scope: 'write',
    summary: 'Present a refresh token; get the next pair, or learn of a theft.',
    errors: [
      'refresh_token_invalid',
      'sessions_conflict',
      'session_ended',
      'token_theft',
      'proof_required',
    ],
  },
  verifySession: {
    method: 'POST',
    path: '/v1/sessions/verify',
    scope: 'verify',
    summary: 'Verify an access token at the core, on demand against the store.',
    errors: ['access_token_invalid', 'access_token_expired', 'refresh_first', 'session_ended'],
  },
  confirmUses: {
    method: 'POST',
    path: '/v1/sessions/confirm',
    scope: 'verify',
    summary: 'Report first settled uses of access tokens; best effort, in batches.',
    errors: [],
  },
  signOut: {
    method: 'POST',
    path: '/v1/sessions/sign-out',
    scope: 'write',
    summary: 'End the session a token belongs to, even if the token has expired.',
    errors: [],
  },
  revokeSessions: {
    method: 'POST',
    path: '/v1/sessions/revoke',
    scope: 'write',
    summary:
      'End all sessions of a user (or all but one), or of a tenant that is named; with a time, those created up to it.',
    errors: [],
  },
  listRevocations: {
    method: 'GET',
    path: '/v1/revocations',
    scope: 'verify',
    summary:
      'What was revoked after a cursor; waits for news (waitSeconds), or streams it to a caller that accepts text/event-stream.',
    errors: [],
  },
  listSessions: {
    method: 'GET',
    path: '/v1/sessions',
    scope: 'read',
    summary: 'List the live sessions of a user, oldest first.',
    errors: [],
  },
  getSession: {
    method: 'GET',
    path: '/v1/sessions/{handle}',
    scope: 'read',
    summary: 'Read a live session with its data.',
    errors: ['session_not_found'],
  },
  replaceClaims: {
    method: 'PUT',
    path: '/v1/sessions/{handle}/claims',
    scope: 'write',
    summary: 'Replace the claims; with an access token, get it re-issued at once.',
    errors: ['session_not_found', 'claims_reserved', 'token_too_large', 'access_token_invalid'],
  },
  replaceData: {
    method: 'PUT',
    path: '/v1/sessions/{handle}/data',
    scope: 'write',
    summary: 'Replace the server-side data.',
    errors: ['session_not_found'],
  },
  revokeSession: {
    method: 'POST',
    path: '/v1/sessions/{handle}/revoke',
    scope: 'write',
    summary: 'End a session.',
    errors: [],
  },
  getSettings: {
    method: 'GET',
    path: '/v1/settings',
    scope: 'verify',
    summary: 'What a driver must know to verify locally.',
    errors: [],
  },
  listApps: {
    method: 'GET',
    path: '/v1/apps',
    scope: 'admin',
    summary: 'List the apps of this installation, by name.',
    errors: [],
    isRootOnly: true,
  },
  getApp: {
    method: 'GET',
    path: '/v1/apps/{name}',
    scope: 'admin',
    summary: 'Read an app with its own settings and those in force.',
    errors: [],
    isRootOnly: true,
  },
  putApp: {
    method: 'PUT',
    path: '/v1/apps/{name}',
    scope: 'admin',
    summary: 'Create an app, or replace its settings; with a version, only that one.',
    errors: ['already_exists', 'version_conflict'],
    isRootOnly: true,
  },
  removeApp: {
    method: 'DELETE',
    path: '/v1/apps/{name}',
    scope: 'admin',
    summary: 'Remove an app with its tenants and keys; all its sessions end.',
    errors: [],
    isRootOnly: true,
  },
  listTenants: {
    method: 'GET',
    path: '/v1/tenants',
    scope: 'admin',
    summary: 'List the tenants of the app, by name.',
    errors: [],
  },
  getTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}',
    scope: 'admin',
    summary: 'Read a tenant with its own settings and those in force.',
    errors: [],
  },
  putTenant: {
    method: 'PUT',
    path: '/v1/tenants/{name}',
    scope: 'admin',
    summary: 'Create a tenant, or replace its settings; with a version, only that one.',
    errors: ['already_exists', 'version_conflict'],
  },
  removeTenant: {
    method: 'DELETE',
    path: '/v1/tenants/{name}',
    scope: 'admin',
    summary: 'Remove a tenant; all its sessions end.',
    errors: [],
  },
  getKeys: {
    method: 'GET',
    path: '/.well-known/jwks.json',
    scope: 'open',
    summary: 'The public signing keys (RFC 7517).',
    errors: [],
  },
} as const satisfies { readonly [K in Operation]: Route }

/** The name of an operation of the core. */
export type Operation = keyof typeof shapes
/** A request as callers write it (defaults may be left out). */
export type RequestOf<K extends Operation> = v.InferInput<(typeof shapes)[K]['request']>
/** A request after parsing (defaults filled in). */
export type ParsedRequestOf<K extends Operation> = v.InferOutput<(typeof shapes)[K]['request']>
/** What an operation answers. */
export type ResponseOf<K extends Operation> = v.InferOutput<(typeof shapes)[K]['response']>
