import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { faultOfPage } from '../http/admission.ts'
import { type ApiKey, isAllowed } from '../http/api-keys.ts'
import type { KeyDirectory } from '../http/key-directory.ts'
import { hashOfKey, type WireSettings } from './wire-settings.ts'

const BEARER = /^bearer +/i
const KEY_CHARS_MAX = 1_024
const DEFAULT_APP = 'default'

/** Who asks: a key of ours, one of the app's own on this wire, or anybody where there is no key. */
export type WireCaller =
  | { readonly kind: 'native-key'; readonly key: ApiKey }
  | { readonly kind: 'app-key' }
  | { readonly kind: 'open' }
  | { readonly kind: 'refused' }
  /** A page in a browser, where there is no key: refused, whatever it asks. */
  | { readonly kind: 'page' }

/**
 * Judges the key of a request. An app with keys of its own takes those; a key of ours is taken
 * wherever it is good for the app and may write. Without any key the wire is open, as the native
 * API is: the service then listens on this machine only.
 */
export function wireCallerOf(
  request: IncomingMessage,
  of: {
    readonly app: string
    readonly settings: WireSettings
    readonly keys: Pick<KeyDirectory, 'find' | 'isKeyed'>
    readonly nowMs: number
  },
): WireCaller {
  const { app, settings, keys, nowMs } = of
  const { apiKeyHashes } = settings
  if (apiKeyHashes.length === 0 && !keys.isKeyed()) {
    return { kind: faultOfPage(request) === null ? 'open' : 'page' }
  }
  const header = request.headers['api-key']
  const given = header ?? request.headers.authorization?.replace(BEARER, '')
  if (typeof given !== 'string' || given.length > KEY_CHARS_MAX) return { kind: 'refused' }
  const hash = hashOfKey(given)
  // All are compared, whichever is right.
  const matches = apiKeyHashes.filter((one) => timingSafeEqual(one, hash))
  const key = keys.find(given, nowMs)
  if (matches.length > 0) return { kind: 'app-key' }
  const isGood = key !== undefined && (key.app === null || key.app === app)
  return isGood && isAllowed(key, 'write') ? { kind: 'native-key', key } : { kind: 'refused' }
}

/** Whether a caller may change the apps of the installation. */
export function mayManageApps(caller: WireCaller, app: string): boolean {
  if (caller.kind === 'native-key') {
    return caller.key.app === null && isAllowed(caller.key, 'admin')
  }
  return (caller.kind === 'open' || caller.kind === 'app-key') && app === DEFAULT_APP
}
