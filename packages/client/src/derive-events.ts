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
  if (from.kind === 'active' && to.kind === 'none') {
    events.push({ kind: 'ended', reason: to.reason, info: infoOf(from) })
  }
  if (from.kind === 'active' && to.kind === 'active' && from !== to) {
    const [old, fresh] = [infoOf(from), infoOf(to)]
    if (old.userId !== fresh.userId) events.push({ kind: 'user-changed', from: old, to: fresh })
    else if (old.handle === fresh.handle && old.grant !== fresh.grant) {
      events.push({ kind: 'refreshed', info: fresh })
    }
  }
  if (after.trouble !== undefined && after.trouble.failures !== before.trouble?.failures) {
    events.push({ kind: 'trouble', trouble: after.trouble })
  }
  return events
}
