import { types } from 'pg'

const BIGINT_OID = 20

/** Makes a value of the text that PostgreSQL sends for it. */
type ColumnReader = (text: string) => unknown

/** How a column of a type (its OID) is read: a `bigint` as a number, for none is above 2^53. */
export function columnReader(oid: number): ColumnReader {
  return oid === BIGINT_OID ? Number : (types.getTypeParser(oid, 'text') as ColumnReader)
}

/** The same for queries of the client's own. */
export const columnReaders = { getTypeParser: columnReader } as unknown as typeof types
