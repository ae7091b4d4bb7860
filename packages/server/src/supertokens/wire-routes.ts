import { listApps, listOldApps, putApp, removeApp } from './routes/app-routes.ts'
import { createSession } from './routes/create-session.ts'
import { createJwt, keySet, oldKeySet } from './routes/jwt-routes.ts'
import { refreshSession } from './routes/refresh-session.ts'
import { regenerateSession } from './routes/regenerate-session.ts'
import {
  apiVersion,
  countUsers,
  findUser,
  hello,
  listUsers,
  putLicense,
  telemetry,
} from './routes/service-routes.ts'
import {
  getJwtData,
  getSession,
  getSessionData,
  putJwtData,
  putSessionData,
} from './routes/session-content.ts'
import {
  getOldTenant,
  getTenant,
  listOldTenants,
  listTenants,
  putTenant,
  removeTenant,
} from './routes/tenant-routes.ts'
import { listSessions, removeSessions, removeUser } from './routes/user-sessions.ts'
import { verifySession } from './routes/verify-session.ts'
import type { WireRoute } from './wire-call.ts'

/** What a path has, by method. */
export type WireMethods = { readonly [method: string]: WireRoute }

const HELLO = { GET: hello, POST: hello, PUT: hello, DELETE: hello }

/** THE ROUTES of the wire: bare paths in lower case; apps and tenants come before them. */
export const WIRE_ROUTES: ReadonlyMap<string, WireMethods> = new Map<string, WireMethods>([
  ['/hello', HELLO],
  ['/apiversion', { GET: apiVersion }],
  ['/user/id', { GET: findUser }],
  ['/user/remove', { POST: removeUser }],
  ['/users', { GET: listUsers }],
  ['/users/count', { GET: countUsers }],
  ['/telemetry', { GET: telemetry }],
  ['/ee/license', { PUT: putLicense }],
  ['/.well-known/jwks.json', { GET: keySet }],
  ['/recipe/jwt', { POST: createJwt }],
  ['/recipe/jwt/jwks', { GET: oldKeySet }],
  ['/recipe/jwt/data', { GET: getJwtData, PUT: putJwtData }],
  ['/recipe/session', { GET: getSession, POST: createSession }],
  ['/recipe/session/verify', { POST: verifySession }],
  ['/recipe/session/refresh', { POST: refreshSession }],
  ['/recipe/session/regenerate', { POST: regenerateSession }],
  ['/recipe/session/data', { GET: getSessionData, PUT: putSessionData }],
  ['/recipe/session/user', { GET: listSessions }],
  ['/recipe/session/remove', { POST: removeSessions }],
  ['/recipe/multitenancy/app', { PUT: putApp }],
  ['/recipe/multitenancy/app/v2', { PUT: putApp }],
  ['/recipe/multitenancy/app/list', { GET: listOldApps }],
  ['/recipe/multitenancy/app/list/v2', { GET: listApps }],
  ['/recipe/multitenancy/app/remove', { POST: removeApp }],
  ['/recipe/multitenancy/tenant', { GET: getOldTenant, PUT: putTenant }],
  ['/recipe/multitenancy/tenant/v2', { GET: getTenant, PUT: putTenant }],
  ['/recipe/multitenancy/tenant/list', { GET: listOldTenants }],
  ['/recipe/multitenancy/tenant/list/v2', { GET: listTenants }],
  ['/recipe/multitenancy/tenant/remove', { POST: removeTenant }],
])
