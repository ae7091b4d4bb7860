import { decideRefresh, type RefreshDecision } from '../domain/rotation.ts'
import type { AppContext } from './deps.ts'

/**
 * What the rule would say to a refresh token now; nothing is written and nothing ends. `invalid`
 * for a text that is no token of this core.
 */
export async function foreseeRefresh(
  context: AppContext,
  token: string,
): Promise<RefreshDecision['kind'] | 'invalid'> {
  const x = context.refreshTokens.open(token)
  if (x === undefined || x.app !== context.app) return 'invalid'
  const session = await context.store.find(x)
  const nowMs = context.clock.nowMs()
  const settings = context.settings.rotation
  return decideRefresh(session, x, { nowMs, settings, provenKey: null }).kind
}
