import { hash, timingSafeEqual } from 'node:crypto'
import { joinToken, randomBytes, splitToken } from '@pawl/embedded'
import { API_KEY_PREFIX, fields, type Scope } from '@pawl/protocol'
import * as v from 'valibot'

/** Prefix of the hash of a key: what a configuration may hold instead of the key. */
const KEY_HASH_PREFIX = 'pawl_keyhash1'
const ID_BYTES = 6
const SECRET_BYTES = 32
const ID = /^[A-Za-z0-9_-]{8}$/
const SECRET = /^[A-Za-z0-9_-]{43}$/
/** Longest key that is looked at. */
const KEY_CHARS_MAX = 128

/** What a key may be allowed; `admin` includes the others, `read` includes `metrics`. */
export const SCOPES = [
  'metrics',
  'read',
  'verify',
  'write',
  'admin',
] as const satisfies readonly Scope[]
/** What a key is allowed unless it says otherwise. */
export const DEFAULT_SCOPES: readonly Scope[] = ['read', 'verify', 'write']

/** What is wrong with a key for the metrics that is bound to an app: it is good for nothing. */
export const METRICS_OF_APP_FAULT =
  'has the scope metrics and an app: the metrics are those of the whole installation'

/** A key that callers may use; the key itself is not kept. */
export interface ApiKey {
  /** 8 characters; names the key in logs. */
  readonly id: string
  /** SHA-256 of the whole key. */
  readonly hash: Buffer
  readonly scopes: ReadonlySet<Scope>
  /** From then on the key is refused; null means never. */
  readonly notAfterMs: number | null
  /** The only app it is good for; null for every app and for the installation. */
  readonly app: string | null
}

/** A new key, and the hash that a configuration may hold instead of it. */
export function generateApiKey(): { readonly key: string; readonly keyHash: string } {
  const id = randomBytes(ID_BYTES).toString('base64url')
  const payload = randomBytes(SECRET_BYTES).toString('base64url')
  const key = joinToken(API_KEY_PREFIX, { id, payload })
  const keyHash = joinToken(KEY_HASH_PREFIX, { id, payload: hash('sha256', key, 'base64url') })
  return { key, keyHash }
}

/**
 * Reads an entry of the configuration: a key or its hash, then options:
 * `;scopes=read+verify`, `;not-after=<ISO 8601>` and `;app=<name>`.
 */
export function parseApiKey(
  entry: string,
): { readonly kind: 'key'; readonly key: ApiKey } | { readonly kind: 'fault'; fault: string } {
  const [text = '', ...options] = entry.split(';').map((part) => part.trim())
  const identified = identify(text)
  if (identified === undefined) {
    return { kind: 'fault', fault: 'is not a key made by `pawl apikey generate`, or its hash' }
  }
  let scopes: ReadonlySet<Scope> = new Set(DEFAULT_SCOPES)
  let notAfterMs: number | null = null
  let app: string | null = null
  for (const option of options) {
    const [name, value = ''] = option.split('=')
    if (name === 'scopes') {
      const named = value.split('+')
      const unknown = named.find((scope) => !SCOPES.some((known) => known === scope))
      if (unknown !== undefined) {
        return { kind: 'fault', fault: `has the unknown scope ${JSON.stringify(unknown)}` }
      }
      scopes = new Set(named as Scope[])
    } else if (name === 'not-after') {
      notAfterMs = Date.parse(value)
      if (Number.isNaN(notAfterMs))
        return { kind: 'fault', fault: 'has no legal time in not-after' }
    } else if (name === 'app') {
      if (!v.is(fields.appName, value)) return { kind: 'fault', fault: 'has no legal app name' }
      app = value
    } else {
      return { kind: 'fault', fault: `has the unknown option ${JSON.stringify(name)}` }
    }
  }
  if (app !== null && scopes.has('metrics')) return { kind: 'fault', fault: METRICS_OF_APP_FAULT }
  return { kind: 'key', key: { ...identified, scopes, notAfterMs, app } }
}

function identify(text: string): Pick<ApiKey, 'id' | 'hash'> | undefined {
  const key = splitToken(API_KEY_PREFIX, text)
  if (key !== undefined && ID.test(key.id) && SECRET.test(key.payload)) {
    return { id: key.id, hash: hash('sha256', text, 'buffer') }
  }
  const hashed = splitToken(KEY_HASH_PREFIX, text)
  if (hashed === undefined || !ID.test(hashed.id) || !SECRET.test(hashed.payload)) return undefined
  return { id: hashed.id, hash: Buffer.from(hashed.payload, 'base64url') }
}

/** Finds the key that a caller presents. */
export type KeyFinder = (presented: string, nowMs: number) => ApiKey | undefined

/**
 * A finder over the configured keys. The secret part is compared as SHA-256 values in constant
 * time; an unknown id costs the same comparison.
 */
export function apiKeyFinder(keys: readonly ApiKey[]): KeyFinder {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const nobody = hash('sha256', randomBytes(SECRET_BYTES), 'buffer')
  return (presented, nowMs) => {
    if (presented.length > KEY_CHARS_MAX) return undefined
    const parts = splitToken(API_KEY_PREFIX, presented)
    const key = parts && byId.get(parts.id)
    const isEqual = timingSafeEqual(hash('sha256', presented, 'buffer'), key?.hash ?? nobody)
    if (key === undefined || !isEqual) return undefined
    return key.notAfterMs === null || nowMs < key.notAfterMs ? key : undefined
  }
}

/** Whether a key may call a route. */
export function isAllowed(key: ApiKey, scope: Scope): boolean {
  if (scope === 'open' || key.scopes.has(scope) || key.scopes.has('admin')) return true
  return scope === 'metrics' && key.scopes.has('read')
}
