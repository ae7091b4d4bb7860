import type { Narrator } from '../explore/model.ts'
import { present, reportUse, wouldBeTheft } from './core.ts'
import type { State, Thief, Token, TokenId } from './state.ts'
import type { Turn } from './turn.ts'
import type { Setting } from './world.ts'

/** Serial refreshes of the victim after which no thief may be left. */
const SERIAL_MAX = 3
/** Rounds that no thief may outlast. */
const ROUNDS_MAX = 3

const STILL_IN = 'The thief is still in, unseen.'
const STILL_STALE = 'What the thief got long before the current token would still be accepted.'

/** Everything a one-time thief can do next: copy the jar once, then use whatever he ever got. */
export function thiefMoves(turn: Turn): void {
  const { setting, state, sink } = turn
  const { thief, jar } = state
  if (thief === null) {
    const fresh = { rounds: 0, hasMoved: false, countedSerial: 0, victimSerial: 0 }
    sink.go({ ...state, thief: { ...fresh, tokens: [jar] } }, (narrator) => {
      return `The thief copies the jar: he holds ${nameOf(narrator, jar)}`
    })
    return
  }
  for (const token of thief.tokens) {
    refresh(turn, thief, token)
    if (setting.world.confirms === 'on-use') useAccess(turn, token)
  }
}

function refresh({ setting, state, sink }: Turn, thief: Thief, token: Token): void {
  const answer = present(setting, state, token)
  if (answer.kind === 'refused') return
  const { row, rule, child } = answer
  const got = { ...child, serial: 0 }
  const sentence = (narrator: Narrator): string =>
    `The thief refreshes with ${nameOf(narrator, token)} and gets ${nameOf(narrator, got)} (${rule})`
  const after = { ...state, row, nextId: state.nextId + 1 }
  for (const tokens of holdings(setting, thief, got)) {
    sink.go({ ...after, thief: { ...thief, tokens, hasMoved: true } }, sentence)
  }
}

/** What he may hold after a grant: everything, or as much as he can carry, left to his choice. */
function holdings({ world }: Setting, { tokens }: Thief, got: Token): (readonly Token[])[] {
  if (tokens.some((token) => token.id === got.id)) return [tokens]
  if (tokens.length < world.thiefTokens) return [[...tokens, got]]
  return tokens.map((dropped) => [...tokens.filter((token) => token !== dropped), got])
}

function useAccess({ setting, state, sink }: Turn, token: Token): void {
  const row = reportUse(setting, state, { token, seenAt: state.now })
  if (row === null) return
  sink.go({ ...state, row }, (narrator) => {
    return `The thief's use of the access token of ${nameOf(narrator, token)} confirms it`
  })
}

/** How the chase stands after a move, and how many rounds the thief has survived. */
export type Chase =
  | { readonly kind: 'on'; readonly state: State; readonly rounds: number }
  | { readonly kind: 'over'; readonly rounds: number }
  | { readonly kind: 'broken'; readonly fault: string; readonly rounds: number }

/**
 * Settles a state after a move: forgets what can never be accepted again, counts rounds, and judges
 * the second invariant once the victim has completed its last refresh.
 */
export function settle(setting: Setting, state: State): Chase {
  const { thief } = state
  if (thief === null) return { kind: 'on', state, rounds: 0 }
  const counted = withProgress(thief, state.jar.serial)
  const { rounds } = counted
  const next = counted === thief ? state : { ...state, thief: counted }
  const isDue = counted.victimSerial >= SERIAL_MAX || rounds > ROUNDS_MAX
  if (isDue && hasChance(setting, next)) return { kind: 'broken', fault: STILL_IN, rounds }
  if (hasStaleChance(setting, next)) return { kind: 'broken', fault: STILL_STALE, rounds }
  if (isDue) return { kind: 'over', rounds }
  const tokens = living(next)
  if (tokens.length === 0) return { kind: 'over', rounds }
  if (tokens === counted.tokens) return { kind: 'on', state: next, rounds }
  return { kind: 'on', state: { ...next, thief: { ...counted, tokens } }, rounds }
}

/** Counts the victim's progress, and a round when both have moved on since the last. */
function withProgress(thief: Thief, serial: number): Thief {
  const victimSerial = Math.max(thief.victimSerial, serial)
  const hasRound = thief.hasMoved && victimSerial > thief.countedSerial
  if (hasRound) {
    const rounds = thief.rounds + 1
    return { ...thief, rounds, victimSerial, countedSerial: victimSerial, hasMoved: false }
  }
  return victimSerial === thief.victimSerial ? thief : { ...thief, victimSerial }
}

function hasChance(setting: Setting, state: State): boolean {
  return state.thief?.tokens.some((token) => !wouldBeTheft(setting, state, token)) ?? false
}

/**
 * Whether the thief could still use something stale: W after a confirm, nothing that was minted
 * more than W before the current token may be accepted, or he would have the session to himself
 * while she is away.
 */
function hasStaleChance(setting: Setting, state: State): boolean {
  const { row, thief, now } = state
  const { windowTicks } = setting
  if (thief === null || now <= row.confirmedAt + windowTicks) return false
  return thief.tokens.some((token) => {
    const isStale = token.mintedAt < row.mintedAt - windowTicks
    return isStale && !wouldBeTheft(setting, state, token)
  })
}

/**
 * The thief's tokens that could be accepted, now or ever: `cur`, `prev`, a child of either, or a
 * descendant of such a token that somebody still holds. While the store keeps what it acknowledged,
 * an accepted token is always one of these, and no other token can become one.
 */
function living(state: State): readonly Token[] {
  const { row, thief } = state
  const tokens = thief?.tokens ?? []
  const isNear = (id: TokenId): boolean => id === row.cur || id === row.prev
  if (tokens.every(({ id, parent }) => isNear(id) || isNear(parent))) return tokens
  const holders = [...tokens, state.jar, state.disk, ...state.exchanges.map(({ token }) => token)]
  const alive = [row.cur, row.prev]
  for (let grew = true; grew; ) {
    grew = false
    for (const { id, parent } of holders) {
      if (!alive.includes(parent) || alive.includes(id)) continue
      alive.push(id)
      grew = true
    }
  }
  const kept = tokens.filter(({ id }) => alive.includes(id))
  return kept.length === tokens.length ? tokens : kept
}

function nameOf(narrator: Narrator, token: Token): string {
  return narrator.token(token.id, token.generation)
}
