/** One line of a figure: ours beside its reference, measured in the same run. */
export interface Line {
  /** What was measured, with its conditions: rows, in flight, durability. */
  readonly what: string
  /** `/s`, `ms`, `MB`, `bytes`, `µs`. */
  readonly unit: string
  readonly ours: number
  /** What `ours` is held against; null where the goal is a number of its own. */
  readonly reference: { readonly what: string; readonly value: number } | null
  /** The reference against itself, as ratios from the same rounds: what is noise. */
  readonly spread?: readonly [low: number, high: number]
  /**
   * What no code can get past here, measured in the same run: the part that cannot be left out, all
   * alone, as a ratio to the same reference.
   */
  readonly bound?: { readonly what: string; readonly ratio: number }
  /** What else was seen, CPU time for one: not judged. */
  readonly beside?: string
  /** The goal; `atLeast` judges the ratio to the reference, `atMost` judges `ours` itself. */
  readonly goal?: Goal
}

/** A target that must be reached, and the one we are here for. */
export type Goal =
  | { readonly kind: 'atLeast'; readonly target: number; readonly moonshot: number }
  | { readonly kind: 'atMost'; readonly target: number; readonly moonshot: number }

/** A named measurement; `name` is what `npm run bench -- <name>` takes. */
export interface Figure {
  readonly name: string
  readonly title: string
  /** Takes so long that it runs only when it is asked for by its name. */
  readonly isOnlyByName?: true
  readonly measure: () => Promise<readonly Line[]>
}
