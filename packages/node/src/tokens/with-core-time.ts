import type { Outcome } from '@pawl/protocol'
import type { TimeLearner } from '../learn-time.ts'
import { EARLY, type MaybePromise, type Verifier } from './verifier.ts'

/**
 * A verifier that refuses no token as too old, or as too young, before it was asked what time it is
 * at the core: the clock of this machine may be wrong. That is tried once, at the first such token;
 * if it fails, the clock of this machine counts until the core is heard.
 */
export function withCoreTime(verifier: Verifier, time: TimeLearner): Verifier {
  async function judgeAgain<T>(
    first: MaybePromise<Outcome<T>>,
    check: () => MaybePromise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const outcome = await first
    if (!isOfTime(outcome)) return outcome
    await time.settle()
    return check()
  }

  return {
    ...verifier,
    verify(token, from) {
      const outcome = verifier.verify(token, from)
      if (time.isSettled || !(outcome instanceof Promise || isOfTime(outcome))) return outcome
      return judgeAgain(outcome, () => verifier.verify(token, from))
    },
    verifyAtStore(token, from) {
      const check = () => verifier.verifyAtStore(token, from)
      return time.isSettled ? check() : judgeAgain(check(), check)
    },
  }
}

/** Whether a refusal may come of the time alone. */
function isOfTime(outcome: Outcome<unknown>): boolean {
  if (outcome.kind === 'ok') return false
  const { code } = outcome
  return outcome === EARLY || code === 'access_token_expired' || code === 'access_token_invalid'
}
