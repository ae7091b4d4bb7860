/** Load factor at which the table doubles. */
const LOAD_MAX = 0.6
const CAPACITY_FIRST = 1 << 12

/** A 64-bit fingerprint of a canonical state, in two halves. */
export interface Fingerprint {
  low: number
  high: number
}

/** Fingerprints the first `length` bytes into `into`. */
export function fingerprint(bytes: Uint8Array, length: number, into: Fingerprint): void {
  let low = 0x9e3779b9 ^ length
  let high = 0x85ebca6b
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number
    low = Math.imul(low ^ byte, 0x9e3779b1)
    high = Math.imul(high ^ byte, 0x5f356495)
    high ^= high >>> 15
    low ^= low >>> 13
  }
  low = Math.imul(low ^ (high >>> 16), 0x85ebca6b)
  high = Math.imul(high ^ (low >>> 13), 0xc2b2ae35)
  into.low = (low ^ (low >>> 16)) >>> 0
  into.high = (high ^ (high >>> 16)) >>> 0
}

/**
 * The set of states seen, as 64-bit fingerprints in an open-addressing table, numbered in the order
 * they were found, each with the state it was found from. At ten million states the chance that two
 * share a fingerprint is below one in a hundred thousand.
 */
export class Visited {
  #slots = new Int32Array(CAPACITY_FIRST)
  #low = new Uint32Array(CAPACITY_FIRST)
  #high = new Uint32Array(CAPACITY_FIRST)
  #parent = new Int32Array(CAPACITY_FIRST)
  #size = 0

  /** How many states were seen. */
  get size(): number {
    return this.#size
  }

  /** Adds a state found from state number `parent`; false if it was seen before. */
  add(print: Fingerprint, parent: number): boolean {
    const mask = this.#slots.length - 1
    let slot = (print.low ^ print.high) & mask
    for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) {
      if (this.#low[entry - 1] === print.low && this.#high[entry - 1] === print.high) return false
      slot = (slot + 1) & mask
    }
    if (this.#size === this.#low.length) this.#growColumns()
    this.#low[this.#size] = print.low
    this.#high[this.#size] = print.high
    this.#parent[this.#size] = parent
    this.#size++
    this.#slots[slot] = this.#size
    if (this.#size > this.#slots.length * LOAD_MAX) this.#growSlots()
    return true
  }

  /** The fingerprints on the way from the first state to state number `last`, both included. */
  pathTo(last: number): Fingerprint[] {
    const path: Fingerprint[] = []
    for (let at = last; at >= 0; at = this.#parent[at] as number) {
      path.push({ low: this.#low[at] as number, high: this.#high[at] as number })
    }
    return path.reverse()
  }

  #growColumns(): void {
    const length = this.#low.length * 2
    const low = new Uint32Array(length)
    const high = new Uint32Array(length)
    const parent = new Int32Array(length)
    low.set(this.#low)
    high.set(this.#high)
    parent.set(this.#parent)
    this.#low = low
    this.#high = high
    this.#parent = parent
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let index = 0; index < this.#size; index++) {
      let slot = ((this.#low[index] as number) ^ (this.#high[index] as number)) & mask
      while (slots[slot]) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
    this.#slots = slots
  }
}
