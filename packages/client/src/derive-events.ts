import type { EngineState } from './engine-state.ts'
import type { SessionEvent } from './session-state.ts'
import { infoOf } from './shared-record.ts'
import { viewOf } from './view-of.ts'

/** What the app is told when one state has become another. */
export function deriveEvents(before: EngineState, after: EngineState): readonly SessionEvent[] {
  const events: SessionEvent[] = []
  const state = viewOf(after)
  if (JSON.stringify(viewOf(before)) !== JSON.stringify(state))
    events.push({ kind: 'change', state })
  const from = before.record.known
  const to = after.record.known
  if (from.kind === 'active') {
    const old = infoOf(from)
    if (to.kind === 'none') events.push({ kind: 'ended', reason: to.reason, info: old })
    if (to.kind === 'active') {
      const info = infoOf(to)
      if (old.userId !== info.userId) events.push({ kind: 'user-changed', from: old, to: info })
      else if (old.handle === info.handle && old.grant !== info.grant) {
        events.push({ kind: 'refreshed', info })
      }
    }
  }
  if (after.trouble !== undefined && after.trouble.failures !== before.trouble?.failures) {
    events.push({ kind: 'trouble', trouble: after.trouble })
  }
  return events
}
