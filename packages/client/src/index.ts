export { createEngine } from './create-engine.ts'
export {
  createSessionFetch,
  type SessionFetch,
  type SessionFetchOptions,
} from './create-session-fetch.ts'
export type { CallCredentials, Engine, EngineOptions } from './engine.ts'
export type {
  Answer,
  EngineEffect,
  EngineEvent,
  EngineState,
  Step,
  WantResult,
} from './engine-state.ts'
export type {
  ChannelPort,
  ClockPort,
  EnginePorts,
  LifePort,
  LockPort,
  StoragePort,
} from './ports.ts'
export { resolveUrl } from './resolve-url.ts'
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
