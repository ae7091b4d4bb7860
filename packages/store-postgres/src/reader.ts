import { StoreError } from '@pawl/core'
import { Client, types } from 'pg'
import { readUrl } from './connection.ts'

/** A row of a database that is not ours, by column; 64-bit numbers are numbers. */
export type ForeignRow = { readonly [column: string]: unknown }

/** A connection that reads a database which belongs to somebody else, and cannot write to it. */
export interface PostgresReader {
  /** All rows of a query. Throws `StoreError` if the database cannot be read. */
  readonly read: (text: string, values?: readonly unknown[]) => Promise<readonly ForeignRow[]>
  readonly close: () => Promise<void>
}

const BIGINT_OID = 20
const STATEMENT_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000
const typeReaders = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === BIGINT_OID ? Number : types.getTypeParser(oid, format as 'text'),
} as unknown as typeof types

/** Connects to a database for reading. The URL is as that of `postgresStore`. */
export async function postgresReader({ url }: { readonly url: string }): Promise<PostgresReader> {
  const { config, schema } = readUrl(url)
  const client = new Client({
    ...config,
    types: typeReaders,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  // A connection that breaks fails the query that is under way, or the next one.
  client.on('error', () => {})
  const read: PostgresReader['read'] = async (text, values = []) => {
    try {
      return (await client.query<ForeignRow>(text, [...values])).rows
    } catch (cause) {
      throw new StoreError('unavailable', 'the other database cannot be read', { cause })
    }
  }
  try {
    await client.connect()
  } catch (cause) {
    throw new StoreError('unavailable', 'the other database cannot be reached', { cause })
  }
  await read("SELECT set_config('default_transaction_read_only', 'on', false)")
  if (schema !== null) await read("SELECT set_config('search_path', $1, false)", [schema])
  return { read, close: () => client.end() }
}
