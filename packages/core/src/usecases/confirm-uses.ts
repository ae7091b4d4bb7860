import { type Outcome, ok, type ParsedRequestOf, type ResponseOf } from '@pawl/protocol'
import type { EpochMs } from '../domain/ids.ts'
import { decideUse } from '../domain/rotation.ts'
import type { OpenedAccessToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'

type Use = ParsedRequestOf<'confirmUses'>['uses'][number]

/**
 * Takes reports of first uses. A report older than half the race window is dropped, as is a token
 * that was never issued; losing any of them is harmless. Answers how many grants were confirmed.
 */
export async function confirmUses(
  context: AppContext,
  request: ParsedRequestOf<'confirmUses'>,
): Promise<Outcome<ResponseOf<'confirmUses'>>> {
  if (context.settings.confirm === 'on-refresh') return ok({ confirmed: 0 })
  const oldestMs = context.clock.nowMs() - context.settings.rotation.raceWindowMs / 2
  const fresh = request.uses.filter((use) => use.firstSeenAtMs >= oldestMs)
  const confirmed = await Promise.all(fresh.map((use) => confirmUse(context, use)))
  return ok({ confirmed: confirmed.filter(Boolean).length })
}

async function confirmUse(context: AppContext, use: Use): Promise<boolean> {
  const token = await context.accessTokens.open(context.app, use.accessToken)
  if (token === undefined || token.lineage.parent === null) return false
  return confirmLineage(context, token, use.firstSeenAtMs as EpochMs)
}

async function confirmLineage(
  context: AppContext,
  token: OpenedAccessToken,
  firstSeenAtMs: EpochMs,
): Promise<boolean> {
  const session = await context.store.find(token)
  const nowMs = context.clock.nowMs()
  const settings = context.settings.rotation
  const decision = decideUse(session, token.lineage, { nowMs, settings, firstSeenAtMs })
  if (decision.kind === 'nothing') return false
  // Best effort: a row that moved meanwhile was confirmed by somebody else, or never will be.
  const outcome = await context.store.rotate(token, decision.rotation)
  if (outcome?.advanced !== true) return false
  const { app, tenant, handle, userId, generation } = outcome.session
  context.emit({ app, tenant, handle, userId, atMs: nowMs, kind: 'confirmed', generation })
  return true
}
