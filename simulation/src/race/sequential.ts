import { CALLS, type Call, RACE_SESSION } from './calls.ts'
import { firstStep, type Ground, nextStep } from './process.ts'
import { rowOf } from './row-text.ts'

/** The result of serving calls one after the other, in one order. */
interface Run {
  readonly order: readonly number[]
  readonly result: string
}

/** All sequential runs of drawn calls, computed once for each draw. */
export class Sequential {
  readonly #ground: Ground
  readonly #runs = new Map<string, readonly Run[]>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /**
   * Whether some order of the calls ends in this result, and serves every call after those that
   * were over before it began.
   *
   * @param afters for each call, the bit set of the calls that must come first
   */
  explains(calls: readonly number[], result: string, afters: readonly number[]): boolean {
    return this.#runsOf(calls).some((run) => run.result === result && respects(run.order, afters))
  }

  #runsOf(calls: readonly number[]): readonly Run[] {
    const key = calls.join()
    const known = this.#runs.get(key)
    if (known !== undefined) return known
    const orders = permutations(calls.map((_, index) => index))
    const runs = orders.map((order) => ({ order, result: this.#run(calls, order) }))
    this.#runs.set(key, runs)
    return runs
  }

  #run(calls: readonly number[], order: readonly number[]): string {
    const outcomes: string[] = []
    let session = RACE_SESSION
    for (const index of order) {
      const call = CALLS[calls[index] as number] as Call
      let step = firstStep(this.#ground, session, call)
      if (step.outcome === null) step = nextStep(this.#ground, step, call)
      if (step.outcome === null) throw new Error('a call that runs alone needs no second try')
      outcomes[index] = step.outcome
      session = step.session
    }
    return `${rowOf(session)} ${outcomes.join()}`
  }
}

function respects(order: readonly number[], afters: readonly number[]): boolean {
  let served = 0
  for (const index of order) {
    const after = afters[index] as number
    if ((after & served) !== after) return false
    served |= 1 << index
  }
  return true
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  )
}
