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
export {
  type EventOf,
  type PawlWebOptions,
  pawlWeb,
  type WebSession,
} from './pawl-web.ts'
