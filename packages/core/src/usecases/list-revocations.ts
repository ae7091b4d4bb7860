import { type Outcome, ok, type ParsedRequestOf, type ResponseOf } from '@pawl/protocol'
import type { AppContext } from './deps.ts'

/** A page of what was revoked after a cursor; with `waitSeconds` as soon as there is something. */
export async function listRevocations(
  context: AppContext,
  request: ParsedRequestOf<'listRevocations'>,
): Promise<Outcome<ResponseOf<'listRevocations'>>> {
  const { after = null, limit, waitSeconds } = request
  const query = { after, limit, waitMs: waitSeconds * 1000 }
  return ok(await context.revocationFeed.readPage(context.app, query))
}
