import type { Family } from './calls.ts'
import { GRANDCHILD, ROOT, type RoundMood } from './plan-round.ts'
import { type RaceCore, raceRotation } from './race-core.ts'
import { type TokenFacts, tokenFacts } from './race-model.ts'

/** A session brought to where a round begins. */
export interface Staged {
  readonly family: Family
  readonly tokens: readonly TokenFacts[]
  /** When the race takes place. */
  readonly raceAtMs: number
}

/** Later than any grant of the staging by enough for its use to count. */
const SETTLED_MS = raceRotation.settlingMs + 1000
/** Well inside the race window after a confirm. */
const IN_WINDOW_MS = raceRotation.raceWindowMs / 2

/** Logs in, and refreshes until the tokens of a round are there; see `RoundMood`. */
export async function stageFamily(
  { core, setTime }: RaceCore,
  { mood, startMs }: { readonly mood: RoundMood; readonly startMs: number },
): Promise<Staged> {
  const refreshTokens: string[] = []
  const accessTokens: string[] = []
  const tokens: TokenFacts[] = []
  const keep = (grant: Grant, parent: TokenFacts | null, mintedAtMs: number): void => {
    const number = tokens.length
    refreshTokens.push(grant.refreshToken.token)
    accessTokens.push(grant.accessToken.token)
    tokens.push(tokenFacts(grant.refreshToken.token, { number, parent, mintedAtMs }))
  }
  const refresh = async (number: number, nowMs: number): Promise<Grant> => {
    setTime(nowMs)
    return granted(await core.refreshSession({ refreshTokens: [refreshTokens[number] ?? ''] }))
  }

  setTime(startMs)
  const claims = { value: 'first' }
  const created = granted(await core.createSession({ userId: 'racer', claims }))
  keep(created, null, startMs)
  const root = tokens[ROOT] ?? null
  for (let child = ROOT + 1; child < GRANDCHILD; child += 1) {
    keep(await refresh(ROOT, startMs), root, startMs)
  }
  const family = { handle: created.session.handle, refreshTokens, accessTokens }
  const settledMs = startMs + SETTLED_MS
  if (mood === 'unconfirmed') return { family, tokens, raceAtMs: settledMs }
  keep(await refresh(ROOT + 1, settledMs), tokens[ROOT + 1] ?? null, settledMs)
  const laterMs = mood === 'in-window' ? IN_WINDOW_MS : SETTLED_MS
  return { family, tokens, raceAtMs: settledMs + laterMs }
}

type Grant = Extract<
  Awaited<ReturnType<RaceCore['core']['createSession']>>,
  { kind: 'ok' }
>['value']

function granted(outcome: Awaited<ReturnType<RaceCore['core']['createSession']>>): Grant {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`staging a race was refused: ${outcome.code} ${outcome.detail}`)
}
