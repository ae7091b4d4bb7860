import type { Violation } from './explore.ts'
import { type Model, type Narrator, type Sentence, STATE_BYTES_MAX, TICK } from './model.ts'
import { type Fingerprint, fingerprint } from './visited.ts'

/** Names tokens by generation: the first of generation 2 is `R2`, the next `R2b`, then `R2c`. */
function makeNarrator(): Narrator {
  const names = new Map<number, string>()
  const perGeneration = new Map<number, number>()
  return {
    token(id, generation) {
      const known = names.get(id)
      if (known !== undefined) return known
      const nth = perGeneration.get(generation) ?? 0
      perGeneration.set(generation, nth + 1)
      const name = `R${generation}${nth === 0 ? '' : String.fromCharCode(97 + nth)}`
      names.set(id, name)
      return name
    },
  }
}

/**
 * Tells a violation as numbered sentences. The run is played again from the first state with
 * uncompressed states, choosing at each step the move that leads to the next state of the path.
 *
 * @param passing how to say that this many ticks pass
 */
export function tell<S>(
  model: Model<S>,
  violation: Violation,
  passing: (ticks: number) => string,
): string[] {
  const narrator = makeNarrator()
  const lines: string[] = []
  let ticks = 0
  const say = (sentence: Sentence): void => {
    if (sentence === TICK) {
      ticks++
      return
    }
    if (ticks > 0) lines.push(passing(ticks))
    ticks = 0
    lines.push(sentence(narrator))
  }
  let state = model.initial
  for (const print of violation.path.slice(1)) {
    const step = stepTo(model, state, print)
    state = step.next
    say(step.sentence)
  }
  say(breaking(model, state) ?? violation.sentence)
  return lines.map((line, index) => `${index + 1}. ${line}`)
}

function stepTo<S>(model: Model<S>, state: S, goal: Fingerprint): { next: S; sentence: Sentence } {
  const scratch = new Uint8Array(STATE_BYTES_MAX)
  const print: Fingerprint = { low: 0, high: 0 }
  let found: { next: S; sentence: Sentence } | null = null
  model.moves(state, {
    go(next, sentence) {
      if (found !== null) return
      fingerprint(scratch, model.encode(next, scratch), print)
      if (print.low === goal.low && print.high === goal.high) found = { next, sentence }
    },
    violate() {},
  })
  if (found === null) throw new Error('the model is not a function of its canonical states')
  return found
}

function breaking<S>(model: Model<S>, state: S): Sentence | null {
  let first: Sentence | null = null
  model.moves(state, {
    go() {},
    violate(sentence) {
      first ??= sentence
    },
  })
  return first
}
