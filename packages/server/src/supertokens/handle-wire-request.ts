import type { IncomingMessage } from 'node:http'
import type { DialectCore } from '@pawl/embedded'
import { refuse } from '@pawl/protocol'
import { canonicalAddress } from '../http/canonical-address.ts'
import type { KeyDirectory } from '../http/key-directory.ts'
import { isObject, parseJson, readBytes } from '../http/read-input.ts'
import { takeGivenId, type Visit } from '../http/visit.ts'
import { tokenShape } from './token-shapes.ts'
import type { Form, WireCall, WireContext, WireRoute } from './wire-call.ts'
import { type FieldTable, type ReadFields, readBodyFields, readQueryFields } from './wire-fields.ts'
import { mayManageApps, type WireCaller, wireCallerOf } from './wire-keys.ts'
import { refusal, text, type WireAnswer } from './wire-reply.ts'
import { findWireRoute, type WireTarget } from './wire-router.ts'
import { adjuster } from './wire-settings.ts'
import { findVersion, type WireVersion } from './wire-versions.ts'

/** What the wire is opened with. */
export interface WireOptions extends WireContext {
  readonly keys: Pick<KeyDirectory, 'find' | 'isKeyed'>
}

/** An answer of this wire, with the route for the log. */
export type WireHandled = WireAnswer & { readonly route: string; readonly keyId?: string }

/** Answers a request of this wire; undefined if the path is none of it. */
export type WireHandler = (
  request: IncomingMessage,
  url: { readonly path: string; readonly query: string; readonly visit: Visit },
) => Promise<WireHandled | undefined>

const PUBLIC_ONLY = 'Only public tenantId can call this app specific API'
/** Cores in all forms are kept for so many apps at a time. */
const DIALECTS_MAX = 1_024
/** An app or tenant that is unknown makes a core look, but not more often than this, in ms. */
const LOOK_COOL_DOWN_MS = 1_000
const REFRESH_PATH = '/recipe/session/refresh'

type Served = Extract<WireTarget, { kind: 'route' | 'wrong-method' | 'unserved' }>
type Url = Parameters<WireHandler>[1]

/** Opens the wire: key, app, version, tenant, fields, route; in this order. */
export function openWire(options: WireOptions): WireHandler {
  const dialects = dialectsOf(options)
  const look = looker(options)

  async function serve(request: IncomingMessage, url: Url, target: Served): Promise<WireHandled> {
    const route = `supertokens ${target.path}`
    const { app, tenant } = target
    let judged = await judge(options, request, target)
    // Nobody without a key makes a core look; a key may be of an app that is new here.
    const { kind } = judged.caller
    const mayLook = kind !== 'page' && (kind !== 'refused' || hasKey(request))
    if (mayLook && !options.core.hasTenant(app, tenant)) {
      await look()
      judged = await judge(options, request, target)
    }
    const { caller, settings } = judged
    if (caller.kind === 'page') {
      return { ...text(403, 'Without an API key no page is answered', 'csrf_refused'), route }
    }
    if (caller.kind === 'refused') return { ...refuseKey(options, request), route }
    if (caller.kind !== 'open') takeGivenId(url.visit, request)
    const keyId = caller.kind === 'native-key' ? { keyId: caller.key.id } : {}
    Object.assign(url.visit, keyId)
    const answer = await admit(options, { request, url, target, caller, settings, dialects })
    return { ...answer, route, ...keyId }
  }

  return async (request, url) => {
    const target = findWireRoute(request.method ?? '', url.path)
    if (target.kind === 'unknown') return undefined
    return serve(request, url, target)
  }
}

/**
 * Looks for apps and tenants that another core has just made; after a look that succeeded not at
 * once again. Whoever asks while one is under way waits for it, and hears if it fails.
 */
function looker({ core }: WireOptions): () => Promise<void> {
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined
  async function look(): Promise<void> {
    try {
      await core.lookAtApps()
      lookedAtMs = performance.now()
    } finally {
      underWay = undefined
    }
  }
  return async () => {
    if (performance.now() - lookedAtMs < LOOK_COOL_DOWN_MS) return
    underWay ??= look()
    await underWay
  }
}

/** Who asks, and what the app has on this wire, as far as it is known here. */
async function judge(
  { core, book, keys }: WireOptions,
  request: IncomingMessage,
  target: Served,
): Promise<{ readonly caller: WireCaller; readonly settings: WireCall['settings'] }> {
  const { app } = target
  const settings = core.app(app) === undefined ? book.known(app) : await book.load(app)
  const isOpen = target.kind === 'route' && target.route.isOpen === true
  const caller: WireCaller = isOpen
    ? { kind: 'open' }
    : wireCallerOf(request, { app, settings, keys, nowMs: Date.now() })
  return { caller, settings }
}

function hasKey({ headers }: IncomingMessage): boolean {
  return headers['api-key'] !== undefined || headers.authorization !== undefined
}

interface Admitted {
  readonly request: IncomingMessage
  readonly url: Url
  readonly target: Served
  readonly caller: WireCaller
  readonly settings: WireCall['settings']
  readonly dialects: ReturnType<typeof dialectsOf>
}

/** What comes after the key: version, app, tenant, method, fields. */
async function admit(options: WireOptions, admitted: Admitted): Promise<WireAnswer> {
  const { request, url, target, caller, settings, dialects } = admitted
  const { app, tenant } = target
  const header = request.headers['cdi-version']
  const version = findVersion(typeof header === 'string' ? header.trim() : undefined)
  if (version === undefined) return text(400, `cdi-version ${header} not supported`)
  if (target.kind === 'unserved') return unserved(target.path)
  if (target.kind === 'wrong-method') return text(405, 'Method not supported')
  const { route } = target
  const misplaced = faultOfPlace(target, version, caller)
  if (misplaced !== null) return misplaced
  const native = options.core.app(app)
  if (native === undefined) return refusal(refuse('app_unknown', `there is no app ${app}`))
  // A tenant that is not there is an answer of its own where tenants are read.
  const isOfTenants = target.path.startsWith('/recipe/multitenancy/tenant')
  if (!isOfTenants && !options.core.hasTenant(app, tenant)) {
    return refusal(refuse('tenant_unknown', `there is no tenant ${tenant} in this app`))
  }
  const read = await readFields(request, route, url.query)
  if (read.kind === 'fault') return text(read.status ?? 400, read.fault)
  if (target.path === REFRESH_PATH && hasWaited(url, options.core.refreshWaitMaxMs(app))) {
    return refusal(refuse('unavailable', 'the refresh waited too long'))
  }
  const { fields } = read
  const speaking = (form: Form): DialectCore => dialects(app, form)
  const place = { context: options, app, tenant, native, speaking }
  return route.run({ ...place, version, settings, fields, isDriver: header !== undefined })
}

function hasWaited(url: Url, mostMs: number): boolean {
  return performance.now() - url.visit.arrivedMs > mostMs
}

function faultOfPlace(
  target: Extract<WireTarget, { kind: 'route' }>,
  version: WireVersion,
  caller: WireCaller,
): WireAnswer | null {
  const { app, tenant, route } = target
  const isPublic = tenant === 'default'
  if (!isPublic && !version.hasTenants) return text(404, 'Not found')
  if (version.createsOnly && route.isOld !== true) return text(404, 'Not found')
  if (route.scope !== 'tenant' && !isPublic && version.isStrict) return text(403, PUBLIC_ONLY)
  if (route.scope === 'root' && !mayManageApps(caller, app)) {
    return text(403, 'Only the public app, or a key with the scope admin, can call this API')
  }
  return null
}

function unserved(path: string): WireAnswer {
  const [, first = '', second = ''] = path.split('/')
  const what = first === 'recipe' ? `the recipe ${second}` : `/${first}`
  return text(404, `Not found: Pawl keeps sessions; it does not serve ${what} (asked for: ${path})`)
}

function refuseKey(options: WireOptions, request: IncomingMessage): WireAnswer {
  const address = canonicalAddress(request.socket.remoteAddress) ?? 'unknown'
  const refused = options.limits.afterBadKey(address, refuse('api_key_required'))
  return refused.code === 'rate_limited'
    ? refusal(refused)
    : text(401, 'Invalid API key', refused.code)
}

type ReadRequest =
  | Extract<ReadFields<FieldTable>, { kind: 'fields' }>
  | { readonly kind: 'fault'; readonly fault: string; readonly status?: number }

async function readFields(
  request: IncomingMessage,
  route: WireRoute,
  query: string,
): Promise<ReadRequest> {
  if (request.method === 'GET') return readQueryFields(route.fields, query)
  if (Object.keys(route.fields).length === 0) return { kind: 'fields', fields: {} }
  const bytes = await readBytes(request)
  if (bytes === 'too-large') return { kind: 'fault', fault: 'the body is too large', status: 413 }
  if (bytes === 'cut-off') return { kind: 'fault', fault: 'the body was cut off' }
  const body = bytes.length === 0 ? {} : parseJson(bytes)
  return isObject(body)
    ? readBodyFields(route.fields, body)
    : { kind: 'fault', fault: 'Invalid Json Input' }
}

/** The cores of all apps in all forms, made when they are needed. */
function dialectsOf({ core, book, former }: WireOptions): (app: string, form: Form) => DialectCore {
  const made = new Map<string, DialectCore>()
  return (app, form) => {
    const { version, isStaticKey, hasCompanion } = form
    const name = `${app} ${version} ${isStaticKey} ${hasCompanion}`
    const known = made.get(name)
    if (known !== undefined) return known
    const dialect = core.dialect(app, {
      shape: tokenShape({ version, namesParent: () => book.known(app).lives.isStrict }),
      keys: version === 2 ? 'rsa' : isStaticKey ? 'static' : 'turning',
      hasCompanion,
      openFormer: (token) => former.openNow(app, token),
      adjust: adjuster(() => book.known(app)),
    })
    if (dialect === undefined) throw new Error(`the app ${app} is gone`)
    if (made.size >= DIALECTS_MAX) made.clear()
    made.set(name, dialect)
    return dialect
  }
}
