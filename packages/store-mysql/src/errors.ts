import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'

/** Error numbers of the servers, MySQL's and MariaDB's, and what they mean to the core. */
const numbersOf: { readonly [kind in StoreErrorKind]?: readonly number[] } = {
  // Too many connections, wrong user or password, no such database, shutting down, packet too
  // large, connection ended by the server, too many connections of this user.
  // Galera: not synchronized with its cluster; Group Replication: before a commit.
  unavailable: [
    1040, 1045, 1047, 1049, 1053, 1077, 1079, 1080, 1129, 1130, 1152, 1153, 1158, 1159, 1160, 1161,
    1203, 1226, 1251, 1698, 1862, 1927, 3100, 3118, 3159, 4151,
  ],
  // A lock or a statement that took too long, or was ended by hand; an error during COMMIT.
  timeout: [1180, 1205, 1317, 1907, 1969, 3024],
  // --read-only, a read-only transaction, a full disk or table.
  'read-only': [3, 1021, 1026, 1030, 1114, 1223, 1290, 1792, 1836],
  // Deadlock; the row changed under a snapshot; Group Replication took a commit back.
  conflict: [1020, 1213, 3101],
  // No such table or column; no right to it.
  schema: [1044, 1054, 1142, 1143, 1146, 1227, 1370],
  corrupt: [1034, 1194, 1195, 1712],
}

const kinds = new Map(
  Object.entries(numbersOf).flatMap(([kind, numbers]) =>
    numbers.map((number) => [number, kind as StoreErrorKind]),
  ),
)

/** Errors that only the values of a statement can cause, beside SQLSTATE classes 22 and 23. */
const ofValues: readonly number[] = [1364, 1366]

interface SqlError {
  readonly sqlState: string
}

const REFUSED = 'MySQL refused the user or the password'
const NO_RIGHT = 'the MySQL user lacks a right that it needs'
const NO_TABLES = 'the MySQL database has no Pawl tables, or old ones: run the migrations'
const sentences: Readonly<Record<number, string>> = {
  1045: REFUSED,
  1251: REFUSED,
  1698: REFUSED,
  1049: 'MySQL has no database of that name',
  1044: NO_RIGHT,
  1142: NO_RIGHT,
  1143: NO_RIGHT,
  1227: NO_RIGHT,
  1054: NO_TABLES,
  1146: NO_TABLES,
}

const DUPLICATE = 1062
const NO_TABLE = 1146
const DEADLOCK = 1213
const ROW_CHANGED = 1020
const TAKEN_BACK = 3101
const COMMIT_FAILED = 1180
const LOCK_TIMEOUT = 1205
const ANSWER_TIMEOUT = 'PROTOCOL_SEQUENCE_TIMEOUT'

/** Those of `unavailable` that come while a statement is under way. */
const cutOffAnswers: readonly (number | undefined)[] = [1053, 1077, 1079, 1080, 1160, 1161, 1927]

/** What `mysql2` says without a code when the wire, not the server, is the trouble. */
const wireTrouble = /connection|closed state|queue limit|ssl|handshake/i

/** The number of an error that the server reported; undefined for any other. */
function numberOf(error: unknown): number | undefined {
  const { errno, sqlState } = error as { errno?: unknown; sqlState?: unknown }
  return typeof errno === 'number' && typeof sqlState === 'string' ? errno : undefined
}

/** Whether a key was there already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && numberOf(error) === DUPLICATE
}

/** Whether a table is missing. */
export function isTableMissing(error: unknown): boolean {
  return error instanceof Error && numberOf(error) === NO_TABLE
}

/** How often a packet may be sent that the server gave up on as a whole; 1: not again. */
export function attemptsAfter(error: unknown): number {
  const number = error instanceof Error ? numberOf(error) : undefined
  if (number === DEADLOCK || number === ROW_CHANGED || number === TAKEN_BACK) return 6
  return number === LOCK_TIMEOUT ? 2 : 1
}

/** Whether the connection is of no use any more: broken, out of step, or to a wrong server. */
export function isConnectionSpent(error: unknown): boolean {
  const number = numberOf(error)
  const kind = number === undefined ? 'unavailable' : kindOfNumber(number, error)
  return kind === 'unavailable' || kind === 'read-only' || number === COMMIT_FAILED
}

/** The connection broke under a packet: whether that was carried out is not known. */
export function isAnswerLost(error: unknown): boolean {
  const trouble = isStoreError(error) ? undefined : toStoreError(error)
  if (!isStoreError(trouble) || trouble.kind !== 'unavailable') return false
  const number = numberOf(error)
  return number === undefined || cutOffAnswers.includes(number)
}

/** What no table lists is the server's trouble, unless values of ours are at fault. */
function kindOfNumber(number: number, error: unknown): StoreErrorKind | undefined {
  const isOfValues = ofValues.includes(number) || /^2[23]/.test((error as SqlError).sqlState)
  return kinds.get(number) ?? (isOfValues ? undefined : 'unavailable')
}

/** The error as the port knows it. A bug of ours comes back as it is. */
export function toStoreError(error: unknown): unknown {
  if (isStoreError(error) || !(error instanceof Error)) return error
  // `mysql2` writes the statement on the error: hashes, names and claims are in it.
  if ('sql' in error) delete error.sql
  const number = numberOf(error)
  const kind = number === undefined ? kindOfWire(error) : kindOfNumber(number, error)
  if (kind === undefined) return error
  const sentence = sentences[number ?? 0] ?? 'MySQL'
  return new StoreError(kind, `${sentence}: ${textOf(error)}`, { cause: error })
}

function kindOfWire(error: Error): StoreErrorKind | undefined {
  if ('code' in error && error.code === ANSWER_TIMEOUT) return 'timeout'
  if (error instanceof TypeError || error instanceof RangeError) return undefined
  // With a code it is Node's: of the network, of names, of certificates.
  return 'code' in error || wireTrouble.test(error.message) ? 'unavailable' : undefined
}

/** Node gives an error without a message where it tried several addresses. */
function textOf(error: Error): string {
  const { code } = error as { code?: unknown }
  return error.message || (typeof code === 'string' ? code : error.name)
}
