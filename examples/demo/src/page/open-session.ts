import type { DemoSettings } from '../demo-event.ts'
import type { BrowserSession } from './browser-session.ts'
export function openSession(_origin: string, _s: DemoSettings): BrowserSession {
  return {
    fetch: (u, i) => fetch(u, { ...i, credentials: 'include' }),
    signOut: async () => {},
    watch: (see) => {
      see(
        location.hash === '#in'
          ? { handle: 'h4Kd82jsLqoa9s', generation: 5, expiresAtMs: Date.now() + 21_000 }
          : null,
      )
    },
  }
}
