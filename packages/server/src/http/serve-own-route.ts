import { refuse } from '@pawl/protocol'
import { METRICS_TYPE } from '../metrics/metrics-type.ts'
import { describeDiscovery } from './describe-discovery.ts'
import type { EdgeContext, Handled } from './edge-context.ts'
import { problemReply } from './respond.ts'
import type { ServiceRoute } from './router.ts'

/** Answers a route of the service itself. Throws only what the core throws. */
export async function serveOwnRoute(
  context: EdgeContext,
  target: { readonly route: ServiceRoute; readonly app: string | undefined },
): Promise<Handled> {
  const { route } = target
  switch (route) {
    case 'live':
      return { route, reply: { status: 200, body: { status: 'live' } } }
    case 'ready':
      return describeReadiness(context)
    case 'discovery':
      return discover(context, target.app)
    case 'metrics': {
      const text = await context.metrics()
      return { route, reply: { status: 200, body: null, text, contentType: METRICS_TYPE } }
    }
    case 'openapi': {
      const { openapiDocument } = await import('../openapi.ts')
      return { route, reply: { status: 200, body: openapiDocument() } }
    }
  }
}

async function describeReadiness(context: EdgeContext): Promise<Handled> {
  const route = 'ready'
  const reasons = await context.unreadyReasons()
  if (reasons.length === 0) return { route, reply: { status: 200, body: { status: 'ready' } } }
  const refusal = refuse('unavailable', 'not ready')
  return { route, reply: problemReply(refusal, { members: { reasons } }), code: refusal.code }
}

async function discover(context: EdgeContext, app: string | undefined): Promise<Handled> {
  const route = 'discovery'
  const core = app === undefined ? context.core : context.core.app(app)
  const document =
    core === undefined
      ? refuse('app_unknown')
      : await describeDiscovery(core, context.publicUrl(), app)
  if (document.kind === 'refused') {
    return { route, reply: problemReply(document), code: document.code }
  }
  const cacheControl = 'public, max-age=300'
  return { route, reply: { status: 200, body: document.value, cacheControl } }
}
