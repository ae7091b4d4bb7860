import { type Model, type Sentence, type Sink, TICK } from '../explore/model.ts'
import { browserMoves } from './browser.ts'
import { NO_TOKEN, type State } from './state.ts'
import { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'
import { storeMoves } from './store.ts'
import { settle, thiefMoves } from './thief.ts'
import type { Setting } from './world.ts'

/** A small world as a model, and what it saw beside the states. */
export interface SmallWorld extends Model<State> {
  /** Most rounds that a thief survived in any state met so far. */
  readonly roundsMax: () => number
}

/** Builds the model of a world under a rule. */
export function smallWorld(setting: Setting): SmallWorld {
  const writer = new StateWriter(setting)
  const reader = new StateReader()
  let roundsMax = 0
  const settling = (sink: Sink<State>): Sink<State> => ({
    go(next: State, sentence: Sentence): void {
      const chase = settle(setting, next)
      roundsMax = Math.max(roundsMax, chase.rounds)
      if (chase.kind === 'on') sink.go(chase.state, sentence)
      if (chase.kind === 'broken') {
        sink.violate((narrator) => `${sentence(narrator)}. ${chase.fault}`)
      }
    },
    violate: sink.violate,
  })
  return {
    initial: freshLogin(),
    encode: (state, out) => writer.write(state, out),
    decode: (bytes, offset) => reader.read(bytes, offset),
    moves(state, rawSink) {
      const { fallbacks, thiefTokens } = setting.world
      const sink = thiefTokens > 0 ? settling(rawSink) : rawSink
      const turn = { setting, state, sink }
      browserMoves(turn)
      if (fallbacks) storeMoves(turn)
      if (thiefTokens > 0) thiefMoves(turn)
      sink.go(afterTick(setting, state), TICK)
    },
    roundsMax: () => roundsMax,
  }
}

/** The moment after a login: the root token is current, in the jar and on disk. */
function freshLogin(): State {
  const now = 0
  const root = { id: 0, parent: NO_TOKEN, generation: 0, mintedAt: now, serial: 0 }
  const row = {
    cur: root.id,
    generation: 0,
    mintedAt: now,
    prev: NO_TOKEN,
    confirmedAt: now,
    touchedAt: now,
  }
  const jar = { jar: root, jarSince: now, disk: root, diskSince: now, dirtySince: now }
  const rest = { backup: null, exchanges: [], use: null, thief: null, activeAt: now }
  return { now, nextId: 1, row, ...jar, ...rest }
}

/** One tick later: what is too old has died on its way, and an old change of the jar is on disk. */
function afterTick({ windowTicks, flushTicks, reportTicks }: Setting, state: State): State {
  const now = state.now + 1
  const exchanges = state.exchanges.filter(({ sentAt }) => now <= sentAt + windowTicks)
  const isUseOver = state.use === null || now > state.use.sentAt + windowTicks + reportTicks
  const isFlushed = now >= state.dirtySince + flushTicks
  return {
    ...state,
    now,
    exchanges: exchanges.length === state.exchanges.length ? state.exchanges : exchanges,
    use: isUseOver ? null : state.use,
    disk: isFlushed ? state.jar : state.disk,
    diskSince: isFlushed ? state.jarSince : state.diskSince,
  }
}
