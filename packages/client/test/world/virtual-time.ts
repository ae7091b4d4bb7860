/** Time that moves only when nothing else is to be done; and chance from a seed. */
export class VirtualTime {
  nowMs: number
  #seed: number
  /** By time, then in the order in which they were asked for. */
  readonly #due: { readonly atMs: number; readonly run: () => void }[] = []

  constructor(seed: number, startMs = 1_800_000_000_000) {
    this.#seed = seed
    this.nowMs = startMs
  }

  /** Uniform in [0, 1); mulberry32. */
  random = (): number => {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** Runs `run` after a delay. Returns the way to cancel. */
  after = (delayMs: number, run: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + Math.max(0, Math.round(delayMs)), run }
    const place = this.#due.findIndex(({ atMs }) => atMs > entry.atMs)
    this.#due.splice(place < 0 ? this.#due.length : place, 0, entry)
    return () => {
      const found = this.#due.indexOf(entry)
      if (found >= 0) this.#due.splice(found, 1)
    }
  }

  /** Lets time pass: at most `forMs`, or until the condition holds. Says whether it did. */
  pass(forMs: number, until: () => boolean = () => false): boolean {
    const endMs = this.nowMs + Math.round(forMs)
    while (!until()) {
      const next = this.#due[0]
      if (next === undefined || next.atMs > endMs) {
        this.nowMs = endMs
        return until()
      }
      this.#due.shift()
      this.nowMs = next.atMs
      next.run()
    }
    return true
  }
}
