import type { SessionHandle } from '../domain/ids.ts'

declare const originBrand: unique symbol
/**
 * The secret a session's handle is made of: 16 random bytes, of which the handle is the hash. It
 * travels in the session's refresh tokens, under their seal, and is nowhere else: whoever holds a
 * sealing key but never held a refresh token of the session cannot seal one for it.
 */
export type Origin = Uint8Array & { readonly [originBrand]: true }

/** The only source of chance in the core; from the operating system's generator. */
export interface Random {
  /** A new session's handle (128 bits, base64url) and the origin that it is the hash of. */
  session(): { readonly handle: SessionHandle; readonly origin: Origin }
  /** A number from 0 (included) to 1 (excluded), for jitter; guards no secret. */
  fraction(): number
}
