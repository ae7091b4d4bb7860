import type { IncomingMessage } from 'node:http'
import {
  type CoreApi,
  LIMITS,
  type Operation,
  type Outcome,
  type Refusal,
  ROUTES,
  refuse,
  type Scope,
} from '@pawl/protocol'
import { faultOfApp, faultOfScope } from './admission.ts'
import type { ApiKey } from './api-keys.ts'
import { canonicalAddress, isLoopbackAddress } from './canonical-address.ts'
import type { EdgeContext, Handled } from './edge-context.ts'
import { readInput } from './read-input.ts'
import { problemReply } from './respond.ts'
import { findRoute, SERVICE_PATHS, type Target } from './router.ts'
import { serveOwnRoute } from './serve-own-route.ts'
import { positionOf, streamRevocations, wantsStream } from './stream-revocations.ts'
import { takeGivenId, type Visit } from './visit.ts'

/** Probes come by an address that nobody configured: they are answered under any name. */
const PROBES: ReadonlySet<string> = new Set([SERVICE_PATHS.live.path, SERVICE_PATHS.ready.path])

/**
 * One request, from headers to reply: host, route, API key, scope, body, core. Refusals before the
 * body leave it unread. Throws only what the core throws.
 */
export async function handleRequest(
  context: EdgeContext,
  request: IncomingMessage,
  visit: Visit,
): Promise<Handled> {
  const [path = '', query = ''] = splitUrl(request.url ?? '')
  const fault = context.admission.faultOfHeaders(request)
  if (fault !== null && !(fault.code === 'host_not_allowed' && PROBES.has(path))) {
    return refused('none', fault)
  }
  // Drivers of the other wire say so; without that, the paths that are not ours may be its own.
  const isOther = request.headers['cdi-version'] !== undefined
  const url = { path, query, visit }
  const driven = isOther ? await context.wire?.(request, url) : undefined
  if (driven !== undefined) return driven
  const target = findRoute(request.method ?? '', path)
  if (target.kind === 'unknown' && !isOther) {
    const answered = await context.wire?.(request, url)
    if (answered !== undefined) return answered
  }
  const route = nameOf(target)
  const scope = scopeOf(target)
  if (target.kind === 'service' && scope === 'open') return serveOwnRoute(context, target)
  const caller = scope === 'open' ? null : context.admission.authenticate(request)
  if (caller?.kind === 'refused') {
    return refused(route, context.limits.afterBadKey(addressOf(request, null), caller))
  }
  if (caller !== null) takeGivenId(visit, request)
  const key = caller?.value ?? null
  const keyId = key?.id
  if (target.kind === 'unknown') return { ...refused(route, refuse('not_found')), keyId }
  if (target.kind === 'wrong-method') {
    const allow = { allow: target.allow.join(', ') }
    const code = 'method_not_allowed'
    return { reply: problemReply(refuse(code), { headers: allow }), route, keyId, code }
  }
  const scopeFault = faultOfScope(key, scope) ?? faultOfApp(key, target)
  if (scopeFault !== null) return { ...refused(route, scopeFault), keyId }
  if (target.kind === 'service') return { ...(await serveOwnRoute(context, target)), keyId }
  const core = target.app === undefined ? context.core : context.core.app(target.app)
  if (core === undefined) return { ...refused(route, refuse('app_unknown')), keyId }
  const input = await readInput(request, target, query)
  if (input.kind === 'refused') return { ...refused(route, input), keyId }
  if (target.operation === 'listRevocations' && wantsStream(request)) {
    const after = positionOf(request, input.value.after)
    const mayListen = (): boolean => maySee(context, request, target)
    return { ...openStream(core, after, mayListen), keyId }
  }
  if (
    target.operation === 'refreshSession' &&
    waitedSince(visit.arrivedMs) > context.core.refreshWaitMaxMs(target.app)
  ) {
    return { ...refused(route, refuse('unavailable', 'the refresh waited too long')), keyId }
  }
  const outcome = await callWithinLimits(context, core, {
    operation: target.operation,
    input: input.value,
    addressOf: () => addressOf(request, { key, given: input.value.clientAddress }),
  })
  return { ...encode(target.operation, outcome), keyId, handle: handleIn(target, outcome) }
}

interface Call {
  readonly operation: Operation
  readonly input: { readonly [name: string]: unknown }
  readonly addressOf: () => string
}

async function callWithinLimits(
  { core: root, limits }: EdgeContext,
  core: CoreApi,
  { operation, input, addressOf }: Call,
): Promise<Outcome<unknown>> {
  if (operation === 'refreshSession' && Array.isArray(input.refreshTokens)) {
    const tokens = input.refreshTokens.slice(0, LIMITS.refreshTokens)
    const fault = limits.faultOfRefresh(() =>
      tokens.flatMap((token) => (typeof token === 'string' ? (root.handleOf(token) ?? []) : [])),
    )
    if (fault !== null) return fault
  }
  return limits.afterCall({ operation, addressOf }, await call(core, operation, input))
}

/**
 * Whose attempt a request counts as. The address that a driver forwards is believed from the holder
 * of an API key, and without keys from this machine.
 */
function addressOf(
  request: IncomingMessage,
  forwarded: { readonly key: ApiKey | null; readonly given: unknown } | null,
): string {
  const { remoteAddress } = request.socket
  const isBelieved =
    forwarded !== null && (forwarded.key !== null || isLoopbackAddress(remoteAddress))
  const given = isBelieved && typeof forwarded.given === 'string' ? forwarded.given : undefined
  return canonicalAddress(given) ?? canonicalAddress(remoteAddress) ?? 'unknown'
}

/** Whether the caller of a request may still do what it was admitted to. */
function maySee(
  { admission, core }: EdgeContext,
  request: IncomingMessage,
  target: Extract<Target, { kind: 'operation' }>,
): boolean {
  const caller = admission.authenticate(request)
  if (caller.kind === 'refused') return false
  const fault = faultOfScope(caller.value, scopeOf(target)) ?? faultOfApp(caller.value, target)
  return fault === null && (target.app === undefined || core.app(target.app) !== undefined)
}

function openStream(
  core: CoreApi,
  after: string | null | undefined,
  mayListen: () => boolean,
): Handled {
  const route = 'listRevocations'
  if (after === undefined) return refused(route, refuse('invalid_request', 'after: is no cursor'))
  return {
    route,
    reply: { status: 200, body: null },
    stream: streamRevocations(core, after, mayListen),
  }
}

function splitUrl(url: string): readonly [string, string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function nameOf(target: Target): string {
  if (target.kind === 'operation') return target.operation
  return target.kind === 'service' ? target.route : 'none'
}

/** An unknown path is as closed as the most harmless known one. */
function scopeOf(target: Target): Scope {
  if (target.kind === 'operation') return ROUTES[target.operation].scope
  return target.kind === 'service' ? SERVICE_PATHS[target.route].scope : 'read'
}

function waitedSince(arrivedMs: number): number {
  return performance.now() - arrivedMs
}

/** The one place that calls the core by a name of the table; requests are parsed behind it. */
function call(core: CoreApi, operation: Operation, input: unknown): Promise<Outcome<unknown>> {
  const method = core[operation] as (request: unknown) => Promise<Outcome<unknown>>
  return method(input)
}

function encode(operation: Operation, outcome: Outcome<unknown>): Handled {
  if (outcome.kind === 'refused') return refused(operation, outcome)
  if (operation !== 'getKeys')
    return { route: operation, reply: { status: 200, body: outcome.value } }
  const { keys, maxAgeSeconds = 0 } = outcome.value as { keys: unknown; maxAgeSeconds?: number }
  const cacheControl = `public, max-age=${maxAgeSeconds}, must-revalidate`
  return { route: operation, reply: { status: 200, body: { keys }, cacheControl } }
}

function refused(route: string, refusal: Refusal): Handled {
  return { route, reply: problemReply(refusal), code: refusal.code }
}

/** The session a request was about, for the log. */
function handleIn(target: Target, outcome: Outcome<unknown>): string | undefined {
  if (outcome.kind === 'refused' && outcome.session !== undefined) return outcome.session.handle
  if (target.kind === 'operation' && target.params.handle !== undefined) return target.params.handle
  if (outcome.kind === 'refused') return undefined
  const value = outcome.value as { handle?: string; session?: { handle?: string } }
  return value.session?.handle ?? value.handle
}
