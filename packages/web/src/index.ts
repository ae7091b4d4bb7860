export {
  type EndReason,
  isSessionError,
  type SessionError,
  type SessionEvent,
  type SessionFetch,
  type SessionInfo,
  type SessionState,
  type Trouble,
  type WantResult,
} from '@pawl/client'
export type { InterceptOptions } from './intercept-fetch.ts'
export { type PawlWebOptions, pawlWeb } from './pawl-web.ts'
export type { EventOf, WebSession } from './web-session.ts'
