import type { EndReason } from '@pawl/web'
import type { AccessLife } from './session-panel.ts'

/** What the page needs of the web SDK. */
export interface BrowserSession {
  /** As `fetch`, with the session: refreshes when it must, once for all tabs. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  readonly signOut: () => Promise<void>
  /** Calls at once and on every change; null while nobody is logged in. */
  readonly watch: (see: (access: AccessLife | null) => void) => void
  /** Calls when the SDK learns that the session has ended, before `watch` tells that it is gone. */
  readonly onEnd: (see: (reason: EndReason) => void) => void
}
