export { ALLOWED_HEADERS, EXPOSED_HEADERS } from '@pawl/protocol'
export type { TrustProxy } from './http/client-address.ts'
export type { CorsAnswer, CorsHeaders } from './http/cors.ts'
export type { CsrfMode } from './http/csrf.ts'
export type { HeaderSink } from './http/header-sink.ts'
export type {
  CookieOptions,
  FormerCookies,
  GrantLineage,
  PawlEvent,
  PawlOptions,
  Transport,
} from './options.ts'
export { createPawl, type GuardResult, type Pawl } from './pawl.ts'
export { PawlConfigError, PawlError } from './pawl-error.ts'
export type { Fault } from './ports.ts'
export type { RequestLike } from './request-like.ts'
export type { Authentication } from './session/authentication.ts'
export type { GuardVerdict } from './session/guard.ts'
export type { GuardOptions } from './session/guard-options.ts'
export type { PawlSession } from './session/pawl-session.ts'
export type { Revocations } from './session/revocations.ts'
export type { InTenant, SessionCalls, UserOrTenant } from './session/session-calls.ts'
export type { NewSession } from './session/start-session.ts'
export type { AskedFor, MaybePromise } from './tokens/verifier.ts'
