const BYTES_FIRST = 1 << 16

/** The canonical states of one breadth-first layer, back to back, each after its length. */
export class Layer {
  #bytes = new Uint8Array(BYTES_FIRST)
  #used = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  push(state: Uint8Array, length: number): void {
    if (this.#used + length + 1 > this.#bytes.length) this.#grow()
    this.#bytes[this.#used] = length
    this.#bytes.set(state.subarray(0, length), this.#used + 1)
    this.#used += length + 1
    this.#count++
  }

  clear(): void {
    this.#used = 0
    this.#count = 0
  }

  /** Visits the states in the order they were pushed, until the visitor returns false. */
  each(visit: (bytes: Uint8Array, offset: number) => boolean): void {
    for (let at = 0; at < this.#used; at += (this.#bytes[at] as number) + 1) {
      if (!visit(this.#bytes, at + 1)) return
    }
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.length * 2)
    bytes.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = bytes
  }
}
