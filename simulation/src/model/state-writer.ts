import { Scale } from './scale.ts'
import type { Exchange, Row, State, Thief, Tick, Token, TokenId } from './state.ts'
import { NO_TOKEN } from './state.ts'
import type { Setting } from './world.ts'

/** Written where there is nothing. */
export const NONE = 255
/** More tokens than any state has. */
export const TOKENS_MAX = 64
/**
 * Generations further apart than this are alike. The rule asks only for a distance of 2; the rest
 * is room for what is still on its way to move the older side on.
 */
const GENERATION_GAP_MAX = 8

/**
 * Writes states in canonical form. Two states with the same form behave alike for ever:
 *
 * - tokens are renumbered in the order they are met;
 * - times become ages, and a gap longer than every constant of the world becomes that constant + 1:
 *   rules and actors only ever compare the distance of two times with such a constant;
 * - generations are counted from the oldest, long gaps shortened likewise;
 * - exchanges, and the thief's tokens, are sets and are sorted.
 */
export class StateWriter {
  readonly #ages: Scale
  readonly #generations = new Scale(GENERATION_GAP_MAX)
  readonly #spacingTicks: number
  readonly #idles: boolean
  /** The tokens met so far, by their new number, and whether each is already written in full. */
  readonly #met = new Int32Array(TOKENS_MAX)
  readonly #written = new Uint8Array(TOKENS_MAX)
  #metCount = 0
  #out: Uint8Array = new Uint8Array(0)
  #at = 0
  #now: Tick = 0

  constructor({ gapTicks, spacingTicks, world }: Setting) {
    this.#ages = new Scale(gapTicks)
    this.#spacingTicks = spacingTicks
    this.#idles = world.idleTicks > 0
  }

  /** Writes a state; returns the length of its form. Sorts the state's sets as it goes. */
  write(state: State, out: Uint8Array): number {
    this.#out = out
    this.#at = 0
    this.#metCount = 0
    this.#now = state.now
    state.exchanges = sorted(state.exchanges, compareExchanges)
    if (state.thief !== null) state.thief = withSortedTokens(state.thief)
    this.#measure(state)
    this.#row(state.row)
    if (state.backup === null) this.#byte(NONE)
    else this.#row(state.backup)
    this.#jars(state)
    this.#byte(this.#idles ? this.#age(state.activeAt) : 0)
    this.#byte(state.exchanges.length)
    for (const exchange of state.exchanges) this.#exchange(exchange)
    if (state.use === null) this.#byte(NONE)
    else {
      this.#byte(this.#age(state.use.sentAt))
      this.#token(state.use.token)
    }
    this.#thief(state.thief)
    return this.#at
  }

  /** Collects the times and generations of a state. What is not collected cannot be written. */
  #measure(state: State): void {
    const { row, backup, jar, disk, use, thief } = state
    this.#ages.clear()
    this.#generations.clear()
    this.#time(state.now)
    this.#measureRow(row)
    if (backup !== null) this.#measureRow(backup)
    if (this.#idles) this.#time(state.activeAt)
    this.#measureToken(jar)
    if (this.#holdsBack(state.jarSince)) this.#time(state.jarSince)
    if (jar.id !== disk.id) {
      this.#measureToken(disk)
      this.#time(state.dirtySince)
      if (this.#holdsBack(state.diskSince)) this.#time(state.diskSince)
    }
    for (const { sentAt, token } of state.exchanges) {
      this.#time(sentAt)
      this.#measureToken(token)
    }
    if (use !== null) {
      this.#time(use.sentAt)
      this.#measureToken(use.token)
    }
    if (thief !== null) for (const token of thief.tokens) this.#measureToken(token)
    this.#generations.seal()
    if (this.#ages.seal() >= NONE) throw new Error('too many different times for one state')
  }

  #measureRow(row: Row): void {
    this.#generations.add(row.generation)
    this.#time(row.mintedAt)
    if (this.#idles) this.#time(row.touchedAt)
    if (row.prev !== NO_TOKEN) this.#time(row.confirmedAt)
  }

  #measureToken(token: Token): void {
    this.#generations.add(token.generation)
    this.#time(token.mintedAt)
  }

  #time(time: Tick): void {
    this.#ages.add(this.#now - time)
  }

  #age(time: Tick): number {
    return this.#ages.placeOf(this.#now - time)
  }

  /** Whether a grant is young enough for its age to hold back the next refresh. */
  #holdsBack(since: Tick): boolean {
    return this.#now - since < this.#spacingTicks
  }

  #byte(value: number): void {
    this.#out[this.#at] = value
    this.#at++
  }

  #id(id: TokenId): number {
    for (let i = 0; i < this.#metCount; i++) if (this.#met[i] === id) return i
    this.#met[this.#metCount] = id
    this.#written[this.#metCount] = 0
    this.#metCount++
    return this.#metCount - 1
  }

  #token(token: Token, serial = token.serial): void {
    const id = this.#id(token.id)
    this.#byte(id)
    if (this.#written[id] === 1) return
    this.#written[id] = 1
    this.#byte(token.parent === NO_TOKEN ? NONE : this.#id(token.parent))
    this.#byte(this.#generations.placeOf(token.generation))
    this.#byte(this.#age(token.mintedAt))
    this.#byte(serial)
  }

  #row(row: Row): void {
    this.#byte(this.#id(row.cur))
    this.#byte(this.#generations.placeOf(row.generation))
    this.#byte(this.#age(row.mintedAt))
    this.#byte(this.#idles ? this.#age(row.touchedAt) : 0)
    if (row.prev === NO_TOKEN) {
      this.#byte(NONE)
      return
    }
    this.#byte(this.#id(row.prev))
    this.#byte(this.#age(row.confirmedAt))
  }

  #jars({ jar, jarSince, disk, diskSince, dirtySince }: State): void {
    this.#token(jar)
    this.#since(jarSince)
    this.#token(disk)
    if (jar.id === disk.id) return
    this.#since(diskSince)
    this.#byte(this.#age(dirtySince))
  }

  #since(since: Tick): void {
    this.#byte(this.#holdsBack(since) ? this.#age(since) : NONE)
  }

  #exchange(exchange: Exchange): void {
    this.#byte(flagsOf(exchange))
    this.#byte(this.#age(exchange.sentAt))
    this.#token(exchange.token)
  }

  #thief(thief: Thief | null): void {
    if (thief === null) {
      this.#byte(NONE)
      return
    }
    this.#byte(thief.tokens.length)
    this.#byte(thief.rounds)
    this.#byte(thief.hasMoved ? 1 : 0)
    this.#byte(thief.countedSerial)
    this.#byte(thief.victimSerial)
    for (const token of thief.tokens) this.#token(token, 0)
  }
}

function flagsOf({ phase, isRender, isOrphan, isAwaited }: Exchange): number {
  const response = phase === 'response' ? 1 : 0
  return response | (isRender ? 2 : 0) | (isOrphan ? 4 : 0) | (isAwaited ? 8 : 0)
}

function compareExchanges(a: Exchange, b: Exchange): number {
  return flagsOf(a) - flagsOf(b) || a.sentAt - b.sentAt || compareTokens(a.token, b.token)
}

function compareTokens(a: Token, b: Token): number {
  return a.generation - b.generation || a.mintedAt - b.mintedAt
}

function withSortedTokens(thief: Thief): Thief {
  const tokens = sorted(thief.tokens, compareTokens)
  return tokens === thief.tokens ? thief : { ...thief, tokens }
}

/** The items in order; the same array if they are in order already, so that it may be shared. */
function sorted<T>(items: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  for (let i = 1; i < items.length; i++) {
    if (compare(items[i - 1] as T, items[i] as T) > 0) return [...items].sort(compare)
  }
  return items
}
