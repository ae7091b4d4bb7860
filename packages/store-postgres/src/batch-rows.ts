import type { SqlColumns } from './rows.ts'

/** `unnest` of one array parameter per column, as the rows `i`, numbered from 1 by `n`. */
export function batchRows(columns: SqlColumns): string {
  const arrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')
  return `unnest(${arrays}) WITH ORDINALITY AS i(${namesOf(columns)}, n)`
}

/** The names of columns as a list. */
export function namesOf(columns: SqlColumns): string {
  return columns.map(([name]) => name).join(', ')
}
