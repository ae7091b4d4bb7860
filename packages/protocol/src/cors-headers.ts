import { HEADERS } from './frontend.ts'

// Apart from the rest of the front end's wire: no bundle of a page needs them.

/** Response headers a cross-origin front end must be allowed to read (CORS expose). */
export const EXPOSED_HEADERS = [
  HEADERS.session,
  HEADERS.error,
  HEADERS.refreshToken,
  HEADERS.accessToken,
  'retry-after',
] as const
/** Request headers a cross-origin front end must be allowed to send (CORS allow). */
export const ALLOWED_HEADERS = [
  'content-type',
  'authorization',
  HEADERS.transport,
  HEADERS.refreshToken,
] as const
