import type { AccessLife } from './session-panel.ts'

/** What the page needs of the web SDK. */
export interface BrowserSession {
  /** As `fetch`, with the session: refreshes when it must, once for all tabs. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  readonly signOut: () => Promise<void>
  /** Calls at once and on every change; null while nobody is logged in. */
  readonly watch: (see: (access: AccessLife | null) => void) => void
}
