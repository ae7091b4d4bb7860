export {
  APP_LIMITS,
  type AppEntry,
  type AppSettingsInput,
  ASSURANCE_LEVELS,
  type AssuranceLevel,
  readAppSettings,
  readTenantSettings,
  type TenantEntry,
  type TenantSettingsInput,
} from './apps.ts'
export type {
  CoreApi,
  DriverSettings,
  Grant,
  KeySet,
  SessionInfo,
  SessionView,
  VerifiedSession,
} from './core-api.ts'
export { ALLOWED_HEADERS, EXPOSED_HEADERS } from './cors-headers.ts'
export {
  type AskedAuthentication,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  type Outcome,
  ok,
  type Refusal,
  type RefusedSession,
  type Remedy,
  refuse,
} from './errors.ts'
export { fields, isGivenObject, type JsonObjectValue, LIMITS } from './fields.ts'
export * from './frontend.ts'
export { parseRequest } from './parse-request.ts'
export {
  EVENT_STREAM,
  type FollowOptions,
  REVOCATION_FEED,
  type RevocationNotice,
  type RevocationNotices,
} from './revocations.ts'
export {
  COMMON_ERRORS,
  carriesBody,
  type Operation,
  type ParsedRequestOf,
  type RequestOf,
  type ResponseOf,
  ROUTES,
  type Route,
  type Scope,
} from './routes.ts'
export { shapes } from './schemas.ts'
export {
  ACCESS_TOKEN_TYP,
  API_KEY_PREFIX,
  LINEAGE_BYTES,
  OPAQUE_ACCESS_PREFIX,
  REFRESH_TOKEN_PREFIX,
  RESERVED_CLAIMS,
} from './tokens.ts'
