import type { KeyThumbprint } from '../domain/ids.ts'
import { decideRefresh } from '../domain/rotation.ts'
import type { OpenedRefreshToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'

/**
 * Which of several presented tokens one session may be refreshed with: all of them where they are
 * of one session, else those of the only one that they are good for. Undefined if they are good for
 * different sessions: one of them was planted, and nobody can tell which. Decides alone, changes
 * nothing; where none is good, all are given back for the rule to say why.
 */
export async function ofOneSession(
  context: AppContext,
  candidates: readonly OpenedRefreshToken[],
  provenKey: KeyThumbprint | null,
): Promise<readonly OpenedRefreshToken[] | undefined> {
  const [newest] = candidates
  if (candidates.every(({ handle }) => handle === newest?.handle)) return candidates
  const settings = context.settings.rotation
  const good = new Set<string>()
  for (const x of candidates) {
    if (good.has(x.handle)) continue
    const session = await context.store.find(x)
    const nowMs = context.clock.nowMs()
    const { kind } = decideRefresh(session, x, { nowMs, settings, provenKey })
    if (kind === 'grant') good.add(x.handle)
  }
  if (good.size > 1) return undefined
  return good.size === 0 ? candidates : candidates.filter(({ handle }) => good.has(handle))
}
