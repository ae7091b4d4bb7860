import type { SessionHandle } from '../domain/ids.ts'

/** The only source of chance in the core; from the operating system's generator. */
export interface Random {
  /** A new session handle: 128 random bits, base64url. */
  handle(): SessionHandle
  /** A number from 0 (included) to 1 (excluded), for jitter; guards no secret. */
  fraction(): number
}
