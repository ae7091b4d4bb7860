import type { SqlColumn } from './rows.ts'

/**
 * Rows as one array of PostgreSQL per column, each in its text form (`{1,"two",NULL}`): what
 * `unnest` takes. Made here and not by `pg`, which looks at every value twice.
 */
export function arraysOf(rows: readonly SqlColumn[]): readonly string[] {
  const [first = []] = rows
  return first.map((_, column) => {
    let text = '{'
    for (const row of rows) {
      if (text !== '{') text += ','
      text += elementOf(row[column] ?? null)
    }
    return `${text}}`
  })
}

function elementOf(value: string | number | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`
}
