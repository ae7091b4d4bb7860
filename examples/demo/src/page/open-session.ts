import { pawlWeb, type SessionInfo, type SessionState } from '@pawl/web'
import type { DemoSettings } from '../demo-event.ts'
import type { BrowserSession } from './browser-session.ts'
import type { AccessLife } from './session-panel.ts'

/** The session of this browser with the demo API: the web SDK, as any page would use it. */
export function openSession(apiOrigin: string, settings: DemoSettings): BrowserSession {
  const session = pawlWeb({ apiOrigin, raceWindowMs: settings.raceWindowMs })
  return {
    fetch: session.fetch,
    signOut: async () => {
      await session.signOut()
    },
    onEnd: (see) => void session.on('ended', ({ reason }) => see(reason)),
    watch(see) {
      const tell = (state: SessionState) => {
        // Unknown without a session: nobody has told yet. With one: trouble, nothing is lost.
        if (state.kind === 'none') see(null)
        else if (state.info !== undefined) see(accessOf(state.info))
      }
      session.subscribe(tell)
      tell(session.get())
      void session.ready().then(tell)
    },
  }
}

function accessOf(info: SessionInfo): AccessLife {
  const { handle, userId, generation, accessExpiresAtMs } = info
  return { handle, userId, generation, expiresAtMs: accessExpiresAtMs }
}
