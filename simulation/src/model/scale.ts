/** More distinct values than any state has. */
const VALUES_MAX = 64

/**
 * Shortens long gaps between numbers that are only ever compared by distance: the distinct values,
 * in order, keep their gaps up to a limit; a longer gap becomes the limit.
 */
export class Scale {
  readonly #gapMax: number
  readonly #values = new Int32Array(VALUES_MAX)
  readonly #places = new Int32Array(VALUES_MAX)
  #count = 0

  constructor(gapMax: number) {
    this.#gapMax = gapMax
  }

  clear(): void {
    this.#count = 0
  }

  add(value: number): void {
    const values = this.#values
    let at = this.#count
    while (at > 0 && (values[at - 1] as number) > value) at--
    if (at > 0 && values[at - 1] === value) return
    for (let i = this.#count; i > at; i--) values[i] = values[i - 1] as number
    values[at] = value
    this.#count++
  }

  /** Gives every value its place, the smallest at 0. Returns the largest place. */
  seal(): number {
    let place = 0
    for (let i = 1; i < this.#count; i++) {
      const gap = (this.#values[i] as number) - (this.#values[i - 1] as number)
      place += gap < this.#gapMax ? gap : this.#gapMax
      this.#places[i] = place
    }
    return place
  }

  /** The place of a value that was added. */
  placeOf(value: number): number {
    for (let i = 0; i < this.#count; i++) {
      if (this.#values[i] === value) return this.#places[i] as number
    }
    throw new Error('a value is written that was not added to its scale')
  }
}
