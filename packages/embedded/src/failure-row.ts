/** Failures of something that is done again and again. */
export interface FailureRow {
  /** It failed: told if it is the first after it went well, or the first of all. */
  readonly note: (error: unknown) => void
  /** It went well: the next failure is told again. */
  readonly end: () => void
}

/** Tells of the first failure of a row: an outage is reported once, and not at every look. */
export function failureRow(onTrouble: (error: unknown) => void): FailureRow {
  let isFailing = false
  return {
    note(error) {
      if (!isFailing) onTrouble(error)
      isFailing = true
    },
    end() {
      isFailing = false
    },
  }
}
