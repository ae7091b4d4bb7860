/** Whether it is known what time it is at the core, and the way to find out. */
export interface TimeLearner {
  /** Whether it is known, or will not be. Once true it stays so. */
  readonly isSettled: boolean
  /**
   * Tries to find out, once however often it is called; resolves when it is known, or when that has
   * failed: then the clock of this machine counts until the core is heard.
   */
  settle(): Promise<void>
}

/** What the time is learnt from. */
export interface TimeLearnerDeps {
  readonly isKnown: () => boolean
  /** Asks the core; resolves when it was heard, or when that has failed. */
  readonly contact: () => Promise<void>
}

/** Asks a core what time it is before anything is decided by the clock of this machine alone. */
export function makeTimeLearner({ isKnown, contact }: TimeLearnerDeps): TimeLearner {
  let isSettled = false
  let tried: Promise<void> | undefined
  return {
    get isSettled() {
      isSettled ||= isKnown()
      return isSettled
    },
    settle: () => {
      tried ??= contact().finally(() => {
        isSettled = true
      })
      return tried
    },
  }
}
