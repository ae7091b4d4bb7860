import { ROUTES } from '@pawl/protocol'
import { SERVICE_PATHS } from '../http/router.ts'
import { WIRE_ROUTES } from '../supertokens/wire-routes.ts'

/** The names of all routes, as requests are logged and counted under; `none` is a path unknown. */
export function meteredRoutes(): readonly string[] {
  const wire = [...WIRE_ROUTES.keys()].map((path) => `supertokens ${path}`)
  return [...Object.keys(ROUTES), ...Object.keys(SERVICE_PATHS), 'none', ...wire]
}
