import type { Outcome } from '@pawl/protocol'
import { EARLY, type MaybePromise, type Verifier } from './verifier.ts'

/** What a verifier is told of the time. */
interface CoreTimeDeps {
  /** Whether it is known what time it is at the core, or will not be. */
  readonly isSettled: () => boolean
  /** Tries to find out; resolves when it is known, or when that has failed. */
  readonly contact: () => Promise<void>
}

/**
 * A verifier that refuses no token as too old, or as too young, before it was asked what time it is
 * at the core: the clock of this machine may be wrong. That is tried once, at the first such token;
 * if it fails, the clock of this machine counts until the core is heard.
 */
export function withCoreTime(verifier: Verifier, deps: CoreTimeDeps): Verifier {
  let tried: Promise<void> | undefined
  let isSettled = false

  async function settle(): Promise<void> {
    tried ??= deps.contact().finally(() => {
      isSettled = true
    })
    await tried
  }

  async function judgeAgain<T>(
    first: MaybePromise<Outcome<T>>,
    check: () => MaybePromise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const outcome = await first
    if (!isOfTime(outcome)) return outcome
    await settle()
    return check()
  }

  return {
    ...verifier,
    verify(token, from) {
      const outcome = verifier.verify(token, from)
      isSettled ||= deps.isSettled()
      if (isSettled || !(outcome instanceof Promise || isOfTime(outcome))) return outcome
      return judgeAgain(outcome, () => verifier.verify(token, from))
    },
    verifyAtStore(token, from) {
      const check = () => verifier.verifyAtStore(token, from)
      return isSettled || deps.isSettled() ? check() : judgeAgain(check(), check)
    },
  }
}

/** Whether a refusal may come of the time alone. */
function isOfTime(outcome: Outcome<unknown>): boolean {
  if (outcome.kind === 'ok') return false
  const { code } = outcome
  return outcome === EARLY || code === 'access_token_expired' || code === 'access_token_invalid'
}
