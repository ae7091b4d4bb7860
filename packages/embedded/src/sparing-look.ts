/** Time between two looks for names that are not known, in milliseconds. */
const LOOK_PAUSE_MS = 1_000

/**
 * Looks for what is not known, one look at a time for all who ask meanwhile, and not before a
 * second has passed since the last one began: made-up names cost no more than that. Until then
 * what is known counts. A look that fails is every asker's, and the next one looks at once.
 */
export function sparingLook(
  look: () => Promise<void>,
  elapsedMs: () => number = () => performance.now(),
): () => Promise<void> {
  let underWay: Promise<void> | undefined
  let begunAtMs = Number.NEGATIVE_INFINITY

  async function lookNow(): Promise<void> {
    begunAtMs = elapsedMs()
    try {
      await look()
    } catch (error) {
      begunAtMs = Number.NEGATIVE_INFINITY
      throw error
    } finally {
      underWay = undefined
    }
  }

  return async () => {
    if (underWay === undefined) {
      if (elapsedMs() - begunAtMs < LOOK_PAUSE_MS) return
      underWay = lookNow()
    }
    await underWay
  }
}
