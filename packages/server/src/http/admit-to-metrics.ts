import { ok } from '@pawl/protocol'
import type { Admission } from './admission.ts'
import { SERVICE_PATHS } from './router.ts'

const { path: METRICS_PATH, scope: METRICS_SCOPE } = SERVICE_PATHS.metrics

/**
 * Lets a key with the scope `metrics` read the metrics: there, and nowhere else, it counts as one
 * with the scope that the route asks for.
 */
export function admitToMetrics(admission: Admission): Admission {
  return {
    ...admission,
    authenticate(request) {
      const outcome = admission.authenticate(request)
      if (outcome.kind === 'refused' || outcome.value === null) return outcome
      if (!outcome.value.scopes.has('metrics') || !isOfMetrics(request.url)) return outcome
      const { value: key } = outcome
      return ok({ ...key, scopes: new Set([...key.scopes, METRICS_SCOPE]) })
    },
  }
}

function isOfMetrics(url: string | undefined): boolean {
  return url === METRICS_PATH || url?.startsWith(`${METRICS_PATH}?`) === true
}
