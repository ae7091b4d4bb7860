import type { SqlColumns } from './rows.ts'
import type { Statement } from './statement.ts'

/** One statement in two forms: for a lone request, and for a batch of them. */
export interface Pair {
  readonly one: Statement
  readonly many: Statement
}

/** The parameters of a lone request. */
export function parametersOf(columns: SqlColumns): readonly string[] {
  return columns.map(([, type], index) => `$${index + 1}::${type}`)
}

/** Condition on a row `s`: the one that a row `i` of a batch names. */
export const ofKey = 's.handle = i.handle AND s.app = i.app AND s.tenant = i.tenant'
