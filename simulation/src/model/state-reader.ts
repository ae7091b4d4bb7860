import type { Exchange, Row, State, Thief, Tick, Token, TokenId } from './state.ts'
import { NO_TOKEN } from './state.ts'
import { NONE, TOKENS_MAX } from './state-writer.ts'

/** Decoded states live at this time, so that every age can be subtracted. */
const NOW: Tick = 1_000
/** When a grant came that holds nothing back any more. */
const LONG_AGO: Tick = 0

/** Reads back what `StateWriter` wrote. Names of tabs start anew. */
export class StateReader {
  readonly #tokens: (Token | undefined)[] = []
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  read(bytes: Uint8Array, offset: number): State {
    this.#bytes = bytes
    this.#at = offset
    this.#tokens.length = 0
    const row = this.#row(this.#byte())
    const backupCur = this.#byte()
    const backup = backupCur === NONE ? null : this.#row(backupCur)
    const jar = this.#token()
    const jarSince = this.#since()
    const disk = this.#token()
    const diskSince = disk === jar ? jarSince : this.#since()
    const dirtySince = disk === jar ? NOW : this.#time()
    const activeAt = this.#time()
    const exchanges: Exchange[] = []
    const count = this.#byte()
    for (let tab = 0; tab < count; tab++) exchanges.push(this.#exchange(tab))
    const useAge = this.#byte()
    const use = useAge === NONE ? null : { sentAt: NOW - useAge, token: this.#token() }
    const thief = this.#thief()
    const browser = { jar, jarSince, disk, diskSince, dirtySince, exchanges, use }
    return { now: NOW, nextId: TOKENS_MAX, row, backup, ...browser, activeAt, thief }
  }

  #byte(): number {
    const value = this.#bytes[this.#at] as number
    this.#at++
    return value
  }

  #time(): Tick {
    return NOW - this.#byte()
  }

  #since(): Tick {
    const age = this.#byte()
    return age === NONE ? LONG_AGO : NOW - age
  }

  #token(): Token {
    const id = this.#byte()
    const known = this.#tokens[id]
    if (known !== undefined) return known
    const parent = this.#byte()
    const token = {
      id,
      parent: parent === NONE ? NO_TOKEN : parent,
      generation: this.#byte(),
      mintedAt: this.#time(),
      serial: this.#byte(),
    }
    this.#tokens[id] = token
    return token
  }

  #row(cur: TokenId): Row {
    const generation = this.#byte()
    const mintedAt = this.#time()
    const touchedAt = this.#time()
    const prev = this.#byte()
    const columns = { cur, generation, mintedAt, touchedAt }
    if (prev === NONE) return { ...columns, prev: NO_TOKEN, confirmedAt: NOW }
    return { ...columns, prev, confirmedAt: this.#time() }
  }

  #exchange(tab: number): Exchange {
    const flags = this.#byte()
    return {
      tab,
      phase: flags & 1 ? 'response' : 'request',
      isRender: (flags & 2) !== 0,
      isOrphan: (flags & 4) !== 0,
      isAwaited: (flags & 8) !== 0,
      sentAt: this.#time(),
      token: this.#token(),
    }
  }

  #thief(): Thief | null {
    const count = this.#byte()
    if (count === NONE) return null
    const progress = {
      rounds: this.#byte(),
      hasMoved: this.#byte() === 1,
      countedSerial: this.#byte(),
      victimSerial: this.#byte(),
    }
    const tokens: Token[] = []
    for (let i = 0; i < count; i++) tokens.push(this.#token())
    return { ...progress, tokens }
  }
}
