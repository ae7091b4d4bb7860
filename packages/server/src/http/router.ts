import { type Operation, ROUTES } from '@pawl/protocol'

/** Paths of the service itself, beside the route table; `GET`, and for probes `HEAD`. */
export const SERVICE_PATHS = {
  live: { path: '/health/live', scope: 'open', summary: 'The process answers.' },
  ready: { path: '/health/ready', scope: 'open', summary: 'The store takes reads and writes.' },
  discovery: {
    path: '/.well-known/openid-configuration',
    scope: 'open',
    summary: 'Where the signing keys are (OpenID Connect Discovery 1.0).',
  },
  metrics: { path: '/metrics', scope: 'metrics', summary: 'Counts and gauges for Prometheus.' },
  openapi: { path: '/v1/openapi.json', scope: 'read', summary: 'This API as OpenAPI 3.1.' },
} as const

/** A route of the service itself. */
export type ServiceRoute = keyof typeof SERVICE_PATHS

/** What a method and a path lead to. */
export type Target =
  | {
      readonly kind: 'operation'
      readonly operation: Operation
      /** The app named by the path, or undefined for the default one. */
      readonly app: string | undefined
      /** Fields of the request that the path gives. */
      readonly params: { readonly [name: string]: string }
    }
  | {
      readonly kind: 'service'
      readonly route: ServiceRoute
      /** The app named by the path, or undefined for the default one. */
      readonly app: string | undefined
    }
  | { readonly kind: 'wrong-method'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' }

interface Pattern {
  readonly segments: readonly string[]
  readonly methods: Map<string, Operation>
}

const APP_PREFIX = '/apps/'
/** Longer paths lead nowhere and are not taken apart. */
const PATH_CHARS_MAX = 512

const fixed = new Map<string, Map<string, Operation>>()
const patterns: Pattern[] = []
for (const [operation, { method, path }] of Object.entries(ROUTES)) {
  methodsOf(path).set(method, operation as Operation)
}
const service = new Map(
  Object.entries(SERVICE_PATHS).map(([route, { path }]) => [path as string, route as ServiceRoute]),
)

/** Finds the route of a request by the tables; `path` is without query. */
export function findRoute(method: string, path: string): Target {
  if (path.length > PATH_CHARS_MAX) return { kind: 'unknown' }
  const route = service.get(path)
  if (route !== undefined) return findService(method, route, undefined)
  if (!path.startsWith(APP_PREFIX)) return findOperation(method, path, undefined)
  const end = path.indexOf('/', APP_PREFIX.length)
  if (end === -1) return { kind: 'unknown' }
  const app = path.slice(APP_PREFIX.length, end)
  const rest = path.slice(end)
  return rest === SERVICE_PATHS.discovery.path
    ? findService(method, 'discovery', app)
    : findOperation(method, rest, app)
}

function findService(method: string, route: ServiceRoute, app: string | undefined): Target {
  const allow = route === 'live' || route === 'ready' ? ['GET', 'HEAD'] : ['GET']
  return allow.includes(method) ? { kind: 'service', route, app } : { kind: 'wrong-method', allow }
}

function findOperation(method: string, path: string, app: string | undefined): Target {
  const methods = fixed.get(path)
  if (methods !== undefined) return chooseMethod(methods, method, { app, params: {} })
  const segments = path.split('/')
  for (const pattern of patterns) {
    const params = matchSegments(pattern.segments, segments)
    if (params !== undefined) return chooseMethod(pattern.methods, method, { app, params })
  }
  return { kind: 'unknown' }
}

function chooseMethod(
  methods: ReadonlyMap<string, Operation>,
  method: string,
  place: { readonly app: string | undefined; readonly params: { readonly [name: string]: string } },
): Target {
  const operation = methods.get(method)
  return operation === undefined
    ? { kind: 'wrong-method', allow: [...methods.keys()] }
    : { kind: 'operation', operation, ...place }
}

/** Values stay as they stand in the path: what needs escaping is no legal field. */
function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): { [name: string]: string } | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: { [name: string]: string } = {}
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (expected.startsWith('{')) params[expected.slice(1, -1)] = segment
    else if (expected !== segment) return undefined
  }
  return params
}

function methodsOf(path: string): Map<string, Operation> {
  if (!path.includes('{')) {
    const methods = fixed.get(path) ?? new Map<string, Operation>()
    fixed.set(path, methods)
    return methods
  }
  const segments = path.split('/')
  const known = patterns.find((pattern) => pattern.segments.join('/') === path)
  if (known !== undefined) return known.methods
  const methods = new Map<string, Operation>()
  patterns.push({ segments, methods })
  return methods
}
