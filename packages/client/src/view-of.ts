import type { EngineState } from './engine-state.ts'
import type { SessionState } from './session-state.ts'
import { infoOf } from './shared-record.ts'

/** The state of the session as the app sees it. */
export function viewOf({ record: { known }, certain }: EngineState): SessionState {
  if (known.kind !== 'active') return { kind: certain ? 'none' : 'unknown' }
  return { kind: certain ? 'active' : 'unknown', info: infoOf(known) }
}
