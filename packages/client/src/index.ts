export { createEngine } from './create-engine.ts'
export { createSessionFetch, type SessionFetch } from './create-session-fetch.ts'
export type { CallCredentials, Engine, EngineOptions } from './engine.ts'
export type {
  Answer,
  EngineEffect,
  EngineEvent,
  EngineState,
  Step,
  WantResult,
} from './engine-state.ts'
export { type OwnOrigins, type OwnUrl, ownUrls } from './own-urls.ts'
export type {
  ChannelPort,
  ClockPort,
  EnginePorts,
  LifePort,
  LockPort,
  StoragePort,
} from './ports.ts'
export { isSessionError, type SessionError, sessionError } from './session-error.ts'
export type {
  EndReason,
  SessionEvent,
  SessionInfo,
  SessionState,
  Trouble,
} from './session-state.ts'
export { defaultSettings, type EngineSettings } from './settings.ts'
export { RECORD_VERSION } from './shared-record.ts'
export { initialState, step } from './step.ts'
