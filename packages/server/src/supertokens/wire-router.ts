import { nativeNameOf } from './names.ts'
import type { WireRoute } from './wire-call.ts'
import { WIRE_ROUTES, type WireMethods } from './wire-routes.ts'

/** Where a path leads, below which app and tenant. */
export interface WirePlace {
  /** The bare path, in lower case. */
  readonly path: string
  /** Our name of the app. */
  readonly app: string
  /** Our name of the tenant. */
  readonly tenant: string
}

/** What a method and a path lead to on this wire. */
export type WireTarget =
  | (WirePlace & { readonly kind: 'route'; readonly route: WireRoute })
  | (WirePlace & { readonly kind: 'wrong-method' })
  /** A path of the wire that nothing here serves. */
  | (WirePlace & { readonly kind: 'unserved' })
  /** No path of this wire. */
  | { readonly kind: 'unknown' }

const APP_PREFIX = 'appid-'
const DEFAULT_NAME = 'default'
/** What paths of the wire begin with, and no tenant is called. */
const FIRST_SEGMENTS: ReadonlySet<string> = new Set([
  'recipe',
  'config',
  'users',
  'user',
  'hello',
  'apiversion',
  'telemetry',
  'ee',
  'requests',
  'search',
  'bulk-import',
])
/** Longer paths lead nowhere and are not taken apart. */
const PATH_CHARS_MAX = 512

/**
 * Finds the route of a path: `[/appid-<app>][/<tenant>]<route>`, in any case, with or without a
 * slash at the end; the bare route goes first.
 */
export function findWireRoute(method: string, given: string): WireTarget {
  if (given.length > PATH_CHARS_MAX) return { kind: 'unknown' }
  const isExact = WIRE_ROUTES.has(given)
  const path = isExact ? given : given.toLowerCase().replace(/\/+$/, '') || '/'
  const bare = WIRE_ROUTES.get(path)
  if (bare !== undefined)
    return choose(bare, method, { path, app: DEFAULT_NAME, tenant: DEFAULT_NAME })
  const segments = path.split('/').slice(1)
  let app = DEFAULT_NAME
  if (segments[0]?.startsWith(APP_PREFIX)) {
    const name = nativeNameOf(segments.shift()?.slice(APP_PREFIX.length) ?? '')
    if (name === undefined) return { kind: 'unknown' }
    app = name
  }
  const rest = `/${segments.join('/')}`
  const ofApp = WIRE_ROUTES.get(rest)
  if (ofApp !== undefined) return choose(ofApp, method, { path: rest, app, tenant: DEFAULT_NAME })
  const [first = ''] = segments
  if (FIRST_SEGMENTS.has(first)) {
    return { kind: 'unserved', path: rest, app, tenant: DEFAULT_NAME }
  }
  const tenant = nativeNameOf(first)
  if (tenant === undefined) return { kind: 'unknown' }
  const below = `/${segments.slice(1).join('/')}`
  const place = { path: below, app, tenant }
  const ofTenant = segments.length > 1 ? WIRE_ROUTES.get(below) : undefined
  if (ofTenant !== undefined) return choose(ofTenant, method, place)
  const isOfWire = FIRST_SEGMENTS.has(segments[1] ?? '') || app !== DEFAULT_NAME
  return isOfWire ? { kind: 'unserved', ...place } : { kind: 'unknown' }
}

function choose(methods: WireMethods, method: string, place: WirePlace): WireTarget {
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined
  return route === undefined
    ? { kind: 'wrong-method', ...place }
    : { kind: 'route', route, ...place }
}
