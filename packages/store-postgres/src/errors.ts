import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'
import { DatabaseError } from 'pg'

/** SQLSTATEs (PostgreSQL, appendix A) and classes of them, and what they mean to the core. */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  '08': 'unavailable', // connection exceptions
  '28': 'unavailable', // wrong user or password
  '3D': 'unavailable', // no such database
  '53': 'unavailable', // out of memory, too many connections
  '58': 'unavailable', // trouble outside the server
  '57': 'unavailable', // shutting down, crashed, starting up
  '57014': 'timeout', // statement_timeout
  '55P03': 'timeout', // lock_timeout
  '53100': 'read-only', // disk full
  '25006': 'read-only', // a replica, or made read-only
  '40': 'conflict', // deadlock, serialization failure
  '3F': 'schema', // no such schema
  '42P01': 'schema', // no such table
  '42703': 'schema', // no such column
  '42883': 'schema', // no such function
  '42501': 'schema', // no right to it
  '26000': 'unavailable', // a prepared statement is gone: behind a pooler of transactions
  '42P05': 'unavailable', // or is there already
  '0A000': 'unavailable', // "cached plan must not change result type": the schema has changed
  XX001: 'corrupt',
  XX002: 'corrupt',
}

/** Classes of errors that only the values of a statement can cause: a fault of ours. */
const ofValues: readonly string[] = ['22', '23']

/** Errors of a connection whose prepared statements are not what the client takes them for. */
const outOfStep: readonly (string | undefined)[] = ['26000', '42P05', '0A000']

const sentences: Readonly<Record<string, string>> = {
  '28': 'PostgreSQL refused the user or the password',
  '3D': 'PostgreSQL has no database of that name',
  '42501': 'the PostgreSQL role lacks a right that it needs',
  '3F': 'the PostgreSQL schema does not exist: run the migrations',
  '42': 'the PostgreSQL database has no Pawl tables, or old ones: run the migrations',
}

const ANSWER_TIMEOUT = 'Query read timeout'

/** What `pg` says when the wire, not the server, is the trouble, and there is no code. */
const wireTrouble = /terminated|connection|not queryable|timeout e|SSL|SASL|password must be/i

function lookUp<T>(table: Readonly<Record<string, T>>, code: string): T | undefined {
  return table[code] ?? table[code.slice(0, 2)]
}

/** The SQLSTATE of an error that the server reported; undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

/**
 * The server gave up on this statement as a whole, or did not begin with it: nothing of it
 * happened, it may be run again.
 */
export function isRolledBack(error: unknown): boolean {
  const code = sqlState(error)
  return code === '40P01' || code === '40001' || outOfStep.includes(code)
}

/** Whether the connection is of no use any more: broken, out of step, or to a wrong server. */
export function isConnectionSpent(error: unknown): boolean {
  const code = sqlState(error)
  return code === undefined || code === '25006' || kindOfState(code) === 'unavailable'
}

/** The connection broke under a statement: whether that was carried out is not known. */
export function isAnswerLost(error: unknown): boolean {
  const trouble = isStoreError(error) ? undefined : toStoreError(error)
  if (!isStoreError(trouble) || trouble.kind !== 'unavailable') return false
  return sqlState(error)?.startsWith('57') ?? true
}

/** What no table lists is the server's trouble, unless values of ours are at fault. */
function kindOfState(code: string): StoreErrorKind | undefined {
  return lookUp(kinds, code) ?? (ofValues.includes(code.slice(0, 2)) ? undefined : 'unavailable')
}

/** The error as the port knows it. A bug of ours comes back as it is. */
export function toStoreError(error: unknown): unknown {
  if (isStoreError(error) || !(error instanceof Error)) return error
  const code = sqlState(error)
  const kind = code === undefined ? kindOfWire(error) : kindOfState(code)
  if (kind === undefined) return error
  // Class 42 is of many things: only where the schema is at fault do the migrations help.
  const isSaid = kind === 'schema' || code?.startsWith('42') !== true
  const sentence = (isSaid ? lookUp(sentences, code ?? '') : undefined) ?? 'PostgreSQL'
  return new StoreError(kind, `${sentence}: ${textOf(error)}`, { cause: error })
}

function kindOfWire(error: Error): StoreErrorKind | undefined {
  if (error.message === ANSWER_TIMEOUT) return 'timeout'
  if (error instanceof TypeError || error instanceof RangeError) return undefined
  // With a code it is Node's: of the network, of names, of certificates.
  return 'code' in error || wireTrouble.test(error.message) ? 'unavailable' : undefined
}

/** Node gives an error without a message where it tried several addresses. */
function textOf(error: Error): string {
  const { code } = error as { code?: unknown }
  return error.message || (typeof code === 'string' ? code : error.name)
}
