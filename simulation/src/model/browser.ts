import type { Narrator, Sentence } from '../explore/model.ts'
import { present, reportUse } from './core.ts'
import type { Exchange, State, Token, Use } from './state.ts'
import { NO_TOKEN } from './state.ts'
import { withoutLostConvergence } from './store.ts'
import type { Turn } from './turn.ts'
import type { Setting } from './world.ts'

/** All that the honest user's browser, its network and its servers can do next. */
export function browserMoves(turn: Turn): void {
  const { setting, state } = turn
  const { world } = setting
  if (world.exchanges === 0) refreshAtOnce(turn)
  else if (state.exchanges.length < world.exchanges && mayStart(setting, state)) start(turn)
  state.exchanges.forEach((exchange, index) => {
    if (index > 0 && sameExchange(exchange, state.exchanges[index - 1] as Exchange)) return
    if (exchange.phase === 'request') atCore(turn, index)
    else atBrowser(turn, index)
    lose(turn, index)
    if (exchange.isAwaited) abandon(turn, index)
  })
  if (world.confirms === 'on-use') useMoves(turn)
  if (world.crashes && state.jar.id !== state.disk.id) {
    flush(turn)
    crash(turn)
  }
}

/** The obligations of a client: whether its jar may start a refresh now. */
function mayStart({ world, spacingTicks, flushTicks }: Setting, state: State): boolean {
  const grantAge = state.now - state.jarSince
  const isSpaced = state.jar.parent === NO_TOKEN || grantAge >= spacingTicks
  if (world.pacing === 'free') return true
  if (world.pacing === 'spaced') return isSpaced
  if (state.exchanges.some((exchange) => exchange.isAwaited)) return false
  if (world.pacing === 'lock-only') return true
  const isOnDisk = !world.crashes || grantAge >= flushTicks
  return isSpaced || (isOnDisk && state.exchanges.every((other) => isNear(other, state.jar)))
}

/** Whether an exchange on its way carries the jar's token, or the parent of it. */
function isNear({ phase, token }: Exchange, jar: Token): boolean {
  const presented = phase === 'request' ? token.id : token.parent
  return presented === jar.id || presented === jar.parent
}

function start({ setting: { world }, state, sink }: Turn): void {
  const token = state.jar
  const exchange: Exchange = {
    tab: freeTab(state),
    token,
    phase: 'request',
    sentAt: state.now,
    isRender: false,
    isOrphan: false,
    isAwaited: world.pacing === 'serialized' || world.pacing === 'lock-only',
  }
  sink.go(withExchange(state, exchange), (narrator) => {
    return `${tabName(exchange)} sends a refresh with ${nameOf(narrator, token)}`
  })
  if (!world.renders || state.exchanges.some((other) => other.isRender)) return
  sink.go(withExchange(state, { ...exchange, isRender: true }), (narrator) => {
    return `A server render starts to refresh with ${nameOf(narrator, token)}`
  })
}

/** A refresh whose request, judgement and answer are one step; the answer may be lost. */
function refreshAtOnce(turn: Turn): void {
  const { setting, state, sink } = turn
  const answer = present(setting, state, state.jar)
  const name = (narrator: Narrator): string => nameOf(narrator, state.jar)
  if (answer.kind === 'refused') {
    refused(turn, answer.reason, (narrator) => {
      return `The user refreshes with ${name(narrator)}`
    })
    return
  }
  const { row, rule, child } = answer
  const granted = { ...state, row, nextId: state.nextId + 1 }
  const answered = { ...granted, activeAt: state.now }
  const stored = { jar: child, jarSince: state.now, disk: child, diskSince: state.now }
  sink.go({ ...answered, ...stored }, (narrator) => {
    return `The user refreshes with ${name(narrator)} and gets ${nameOf(narrator, child)} (${rule})`
  })
  sink.go(granted, (narrator) => {
    return `The user refreshes with ${name(narrator)} (${rule}); the answer is lost`
  })
}

function atCore(turn: Turn, index: number): void {
  const { setting, state, sink } = turn
  const exchange = state.exchanges[index] as Exchange
  const answer = present(setting, state, exchange.token)
  const name = (narrator: Narrator): string => nameOf(narrator, exchange.token)
  if (answer.kind === 'refused') {
    refused(turn, answer.reason, (narrator) => {
      return `The core receives ${name(narrator)} from ${whoseName(exchange)}`
    })
    return
  }
  const { row, rule, child } = answer
  const answered: Exchange = { ...exchange, token: child, phase: 'response' }
  const isMoot = exchange.isOrphan && !exchange.isRender
  const judged = { ...withoutLostConvergence(state, rule), row, nextId: state.nextId + 1 }
  const others = without(state.exchanges, index)
  const after = isMoot ? others : [...others, answered]
  const sentence = (narrator: Narrator): string =>
    `The core receives ${name(narrator)} from ${whoseName(exchange)} and ` +
    `grants ${nameOf(narrator, child)} (${rule})`
  sink.go({ ...judged, exchanges: after }, sentence)
  if (!setting.world.repeats || state.exchanges.length >= setting.world.exchanges) return
  const copy = { ...exchange, isAwaited: false }
  sink.go({ ...judged, exchanges: [...after, copy] }, (narrator) => {
    return `${sentence(narrator)}; the network keeps a copy of the request`
  })
}

function atBrowser({ setting, state, sink }: Turn, index: number): void {
  const exchange = state.exchanges[index] as Exchange
  const { token } = exchange
  if (exchange.isRender && setting.world.confirms === 'on-use') {
    const row = reportUse(setting, state, { token, seenAt: state.now })
    if (row !== null) {
      sink.go({ ...state, row }, (narrator) => {
        const name = nameOf(narrator, token)
        return `The server render uses the access token of ${name}, and so confirms it`
      })
    }
  }
  if (exchange.isOrphan) return
  const { disk, diskSince, jar, now } = state
  const dirtySince = jar.id === disk.id ? now : state.dirtySince
  const stored = setting.world.crashes
    ? { jar: token, jarSince: now, disk, diskSince, dirtySince }
    : { jar: token, jarSince: now, disk: token, diskSince: now }
  const next = { ...state, ...stored, activeAt: now, exchanges: without(state.exchanges, index) }
  sink.go(next, (narrator) => {
    return `The answer to ${whoseName(exchange)} arrives; the jar holds ${nameOf(narrator, token)}`
  })
}

function lose({ state, sink }: Turn, index: number): void {
  const exchange = state.exchanges[index] as Exchange
  sink.go({ ...state, exchanges: without(state.exchanges, index) }, () => {
    const what = exchange.phase === 'request' ? 'request' : 'answer'
    const way = exchange.phase === 'request' ? 'from' : 'to'
    return `The ${what} ${way} ${whoseName(exchange)} is lost`
  })
}

/** The sender stops waiting; the exchange itself lives on. */
function abandon({ state, sink }: Turn, index: number): void {
  const exchange = state.exchanges[index] as Exchange
  const left = { ...exchange, isAwaited: false }
  sink.go({ ...state, exchanges: [...without(state.exchanges, index), left] }, () => {
    return `${tabName(exchange)} stops waiting`
  })
}

function useMoves(turn: Turn): void {
  const { setting, state, sink } = turn
  const { jar, use, now } = state
  if (setting.world.exchanges === 0) {
    reported(turn, { token: jar, sentAt: now })
    return
  }
  if (jar.parent !== NO_TOKEN && (use === null || use.token.id !== jar.id || use.sentAt !== now)) {
    sink.go({ ...state, use: { token: jar, sentAt: now } }, (narrator) => {
      return `A tab sends a request with the access token of ${nameOf(narrator, jar)}`
    })
  }
  if (use !== null) reported({ ...turn, state: { ...state, use: null } }, use)
}

function reported({ setting, state, sink }: Turn, use: Use): void {
  const seenAt = Math.min(state.now, use.sentAt + setting.windowTicks)
  const row = reportUse(setting, state, { token: use.token, seenAt })
  if (row === null) return
  sink.go({ ...state, row, activeAt: state.now }, (narrator) => {
    return `The use of the access token of ${nameOf(narrator, use.token)} confirms it`
  })
}

function flush({ state, sink }: Turn): void {
  sink.go({ ...state, disk: state.jar, diskSince: state.jarSince }, (narrator) => {
    return `The browser writes ${nameOf(narrator, state.jar)} to disk`
  })
}

/** The browser dies: the jar falls back to the disk, and no answer can reach it any more. */
function crash({ state, sink }: Turn): void {
  const exchanges = state.exchanges
    .filter(({ phase, isRender }) => phase === 'request' || isRender)
    .map((exchange) => ({ ...exchange, isOrphan: true, isAwaited: false }))
  sink.go({ ...state, jar: state.disk, jarSince: state.diskSince, exchanges }, (narrator) => {
    return `The browser crashes; the jar falls back to ${nameOf(narrator, state.disk)}`
  })
}

/**
 * An honest refusal breaks the first invariant. Worlds with a thief check the second one: there a
 * refusal ends the chase, and the first invariant is left to the worlds without him.
 */
function refused({ setting, state, sink }: Turn, reason: string, what: Sentence): void {
  if (setting.world.thiefTokens > 0) return
  if (reason === 'idle' && state.now - state.activeAt > setting.world.idleTicks) return
  sink.violate(
    (narrator) => `${what(narrator)}: refused as ${reason}. An honest user is logged out.`,
  )
}

function freeTab({ exchanges }: State): number {
  let tab = 0
  while (exchanges.some((exchange) => exchange.tab === tab)) tab++
  return tab
}

function withExchange(state: State, exchange: Exchange): State {
  return { ...state, exchanges: [...state.exchanges, exchange] }
}

function without(exchanges: readonly Exchange[], index: number): Exchange[] {
  return exchanges.filter((_, other) => other !== index)
}

function sameExchange(a: Exchange, b: Exchange): boolean {
  return (
    a.token === b.token &&
    a.sentAt === b.sentAt &&
    a.phase === b.phase &&
    a.isRender === b.isRender &&
    a.isOrphan === b.isOrphan &&
    a.isAwaited === b.isAwaited
  )
}

function nameOf(narrator: Narrator, token: Token): string {
  return narrator.token(token.id, token.generation)
}

function tabName({ tab }: Exchange): string {
  return `Tab ${String.fromCharCode(65 + tab)}`
}

function whoseName(exchange: Exchange): string {
  return exchange.isRender ? 'the server render' : tabName(exchange).replace('Tab', 'tab')
}
