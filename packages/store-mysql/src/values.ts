import { escape as quoteText } from 'mysql2'

/** What `mysql2` gives here: bytes for `VARBINARY`; no `BIGINT` is above 2^53. */
export type SqlValue = string | number | null | Buffer
/** One row, in the order of its column list. */
export type SqlRow = readonly SqlValue[]
/** A row or a key as quoted values, in the order of its column list. */
export type QuotedRow = readonly string[]

/**
 * A value as a literal. Text is a literal of bytes, so that it is compared by them; a lone
 * surrogate, which UTF-8 cannot hold, is refused: two names must never become one by being stored.
 */
export function quote(value: string | number | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a name holds a lone surrogate')
    return `_binary${quoteText(value)}`
  }
  if (!Number.isSafeInteger(value)) throw new RangeError('a time or count is no whole number')
  return String(value)
}

/** Bytes as the text that they are; any other value as it is. */
export function textOf(value: unknown): string | number | null {
  return Buffer.isBuffer(value) ? value.toString() : ((value ?? null) as string | number | null)
}
