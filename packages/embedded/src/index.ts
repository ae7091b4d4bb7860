export { MOVE_RECORD } from './claim-store.ts'
export type { Dialect, DialectCore } from './dialects.ts'
export { type EmbeddedCore, type EmbedOptions, embedCore } from './embed-core.ts'
export { insertFormerKey } from './former-keys.ts'
export type { FormerRefreshToken } from './former-refresh-tokens.ts'
export { formerSeals } from './former-secrets.ts'
export { type KeyAdmin, type KeyListing, openKeyAdmin } from './key-admin.ts'
export { KEY_RELOAD_MS } from './key-reload.ts'
export { KEY_SET_MAX_AGE_SECONDS } from './key-ring.ts'
export {
  KEY_INTERVAL_RANGE_SECONDS,
  KEY_INTERVAL_SECONDS,
  type SigningOptions,
} from './key-settings.ts'
export { faultOfSecret, generateSecret } from './master-secret.ts'
export { LOG_NAME_RECORD } from './named-log.ts'
export type { OpenedByWire } from './open-for-wire.ts'
export { randomBytes } from './random-pool.ts'
export {
  prependSecret,
  readOrCreateSecretFile,
  readSecretFile,
  readSecretLines,
} from './secret-file.ts'
export { knowsSecret, WrongSecretError } from './secret-fingerprint.ts'
export type { ShapedFacts, TokenShape } from './shaped-access-tokens.ts'
export { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signing-key.ts'
export { takeTurns } from './take-turns.ts'
export { joinToken, splitToken } from './token-text.ts'
