import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'
import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
} from 'mongodb'

/** Codes of the server, and what they mean to the core. */
const kinds: Readonly<Record<number, StoreErrorKind>> = {
  6: 'unavailable', // HostUnreachable
  7: 'unavailable', // HostNotFound
  11: 'schema', // UserNotFound
  13: 'schema', // Unauthorized
  18: 'unavailable', // AuthenticationFailed
  24: 'conflict', // LockTimeout
  26: 'schema', // NamespaceNotFound
  43: 'unavailable', // CursorNotFound
  50: 'timeout', // MaxTimeMSExpired
  59: 'unavailable', // CommandNotFound: no MongoDB, or not one that we know
  64: 'timeout', // WriteConcernFailed: not on a majority in time
  85: 'schema', // IndexOptionsConflict
  86: 'schema', // IndexKeySpecsConflict
  89: 'timeout', // NetworkTimeout
  91: 'unavailable', // ShutdownInProgress
  100: 'read-only', // UnsatisfiableWriteConcern
  112: 'conflict', // WriteConflict
  123: 'schema', // NotAReplicaSet
  133: 'unavailable', // FailedToSatisfyReadPreference
  134: 'unavailable', // ReadConcernMajorityNotAvailableYet
  189: 'read-only', // PrimarySteppedDown
  202: 'timeout', // NetworkInterfaceExceededTimeLimit
  262: 'timeout', // ExceededTimeLimit
  8000: 'unavailable', // AtlasError
  9001: 'timeout', // SocketException
  10058: 'read-only', // LegacyNotPrimary
  10107: 'read-only', // NotWritablePrimary
  11600: 'unavailable', // InterruptedAtShutdown
  11601: 'timeout', // Interrupted: ended by hand
  11602: 'unavailable', // InterruptedDueToReplStateChange
  13435: 'read-only', // NotPrimaryNoSecondaryOk
  13436: 'unavailable', // NotPrimaryOrSecondary
  14031: 'read-only', // OutOfDiskSpace
}

/**
 * Codes that only what we sent can cause: BadValue, FailedToParse, TypeMismatch, ImmutableField,
 * InvalidOptions, DocumentValidationFailure, BSONObjectTooLarge, DuplicateKey.
 */
const ofValues: readonly number[] = [2, 9, 14, 66, 72, 121, 10_334, 11_000]

const sentences: Readonly<Record<number, string>> = {
  13: 'the MongoDB user lacks a right that it needs',
  18: 'MongoDB refused the user or the password',
  8000: 'MongoDB refused the user or the password',
  10107: 'MongoDB is not the primary',
}

/** The server refused a document because a unique index has its key already. */
export const DUPLICATE_KEY = 11_000

/** The code of an error that the server answered with; undefined for any other error. */
export function serverCode(error: unknown): number | undefined {
  return error instanceof MongoServerError && typeof error.code === 'number'
    ? error.code
    : undefined
}

/** The driver hides a connection that broke under a bulk behind an error of the server's kind. */
export function reasonOf(error: unknown): unknown {
  if (!(error instanceof MongoBulkWriteError)) return error
  const reason: unknown = error.errorResponse
  return reason instanceof Error ? reason : error
}

/** There was no connection to send a command on: it was not carried out. */
export function isNotSent(error: unknown): boolean {
  if (!(error instanceof MongoNetworkError)) return false
  return error.hasErrorLabel('HandshakeError') || error.name === 'MongoPoolClearedError'
}

/** The connection broke under a command: whether that was carried out is not known. */
export function isAnswerLost(error: unknown): boolean {
  const isBroken = error instanceof MongoNetworkError || serverCode(error) === 11_600
  return isBroken && !(error instanceof MongoNetworkTimeoutError) && !isNotSent(error)
}

/** What no table lists is the server's trouble, unless what we sent is at fault. */
function kindOfCode(code: number): StoreErrorKind | undefined {
  return kinds[code] ?? (ofValues.includes(code) ? undefined : 'unavailable')
}

/** The error as the port knows it. A bug of ours comes back as it is. */
export function toStoreError(error: unknown): unknown {
  if (isStoreError(error) || !(error instanceof Error)) return error
  const code = serverCode(error)
  const kind = code === undefined ? kindOfClient(error) : kindOfCode(code)
  if (kind === undefined) return error
  const text = `${sentences[code ?? 0] ?? 'MongoDB'}: ${textOf(error)}`
  return new StoreError(kind, text, { cause: error })
}

/** What the driver or Node throws by itself. */
function kindOfClient(error: Error): StoreErrorKind | undefined {
  if (error instanceof MongoNetworkTimeoutError) return 'timeout'
  if (error instanceof MongoServerError) return undefined
  return error instanceof MongoError || 'code' in error ? 'unavailable' : undefined
}

/** The driver puts the reason that people can act on below its own. */
function textOf(error: Error): string {
  const reason = error.cause instanceof Error ? error.cause.message : ''
  const text = error.message || (error as NodeJS.ErrnoException).code || error.name
  return reason === '' || text.includes(reason) ? text : `${text}: ${reason}`
}
