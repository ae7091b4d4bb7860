import { Layer } from './layer.ts'
import { type Model, type Sentence, STATE_BYTES_MAX } from './model.ts'
import { type Fingerprint, fingerprint, Visited } from './visited.ts'

/** How far to look. Either bound ends the exploration; without one it ends when nothing is new. */
export interface Bounds {
  /** The longest run looked at, in moves. */
  readonly movesMax?: number
  /** The most states kept. */
  readonly statesMax?: number
}

/** The way to a broken invariant: states from the first to the last, then the breaking move. */
export interface Violation {
  readonly path: readonly Fingerprint[]
  readonly sentence: Sentence
}

/** What an exploration saw. */
export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** Every run of at most this many moves was looked at. */
  readonly moves: number
  /** Whether nothing new was left: then runs of every length were looked at. */
  readonly exhausted: boolean
  /** The first broken invariant, by a shortest run; null if none was met. */
  readonly violation: Violation | null
}

/** Default limit of states kept: about 200 MB. */
const STATES_MAX = 8_000_000

/**
 * Explores a model breadth first, so that the first broken invariant is met on a shortest run.
 * Deterministic. Stops at the first broken invariant.
 */
export function explore<S>(model: Model<S>, bounds: Bounds = {}): Exploration {
  const { movesMax = Number.POSITIVE_INFINITY, statesMax = STATES_MAX } = bounds
  const visited = new Visited()
  const scratch = new Uint8Array(STATE_BYTES_MAX)
  const print: Fingerprint = { low: 0, high: 0 }
  let [layer, nextLayer] = [new Layer(), new Layer()]
  let at = -1
  let transitions = 0
  let broken: { readonly at: number; readonly sentence: Sentence } | null = null
  const sink = {
    go(next: S): void {
      transitions++
      const length = model.encode(next, scratch)
      fingerprint(scratch, length, print)
      if (visited.add(print, at)) nextLayer.push(scratch, length)
    },
    violate(sentence: Sentence): void {
      broken ??= { at, sentence }
    },
  }
  const outcome = (moves: number): Exploration => ({
    states: visited.size,
    transitions,
    moves,
    exhausted: nextLayer.count === 0 && broken === null,
    violation:
      broken === null ? null : { path: visited.pathTo(broken.at), sentence: broken.sentence },
  })

  sink.go(model.initial)
  for (let moves = 0; ; moves++) {
    if (nextLayer.count === 0 || moves >= movesMax) return outcome(moves)
    ;[layer, nextLayer] = [nextLayer, layer]
    nextLayer.clear()
    layer.each((bytes, offset) => {
      at++
      model.moves(model.decode(bytes, offset), sink)
      return broken === null && visited.size < statesMax
    })
    if (broken !== null || visited.size >= statesMax) return outcome(moves)
  }
}
