import type { Sink } from '../explore/model.ts'
import type { State } from './state.ts'
import type { Setting } from './world.ts'

/** One state under a setting, and where its moves go. */
export interface Turn {
  readonly setting: Setting
  readonly state: State
  readonly sink: Sink<State>
}
