import type { Effect } from '@pawl/store-kit'

/** A statement that each connection prepares once, under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly effect: Effect
}

/** A value of a statement. */
export type Parameter = string | number | boolean | null
