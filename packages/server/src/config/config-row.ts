/** One key of the configuration. */
export interface ConfigRow {
  /** Environment variable; the flag is the key in kebab case. */
  readonly env: string
  readonly type: 'text' | 'integer' | 'choice' | 'list'
  readonly default: string | number | readonly string[]
  /** Bounds of an integer, both included. */
  readonly range?: readonly [min: number, max: number]
  readonly choices?: readonly string[]
  readonly unit?: string
  /** Never printed, no flag (flags are seen by every process), also read from `<env>_FILE`. */
  readonly isSecret?: boolean
  /** What it does. */
  readonly effect: string
  /** When and how to change it. */
  readonly advice: string
}
