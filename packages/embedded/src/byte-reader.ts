const UINT48_BYTES = 6
/** Largest base-128 number we write fits 6 bytes. */
const VARINT_BYTES_MAX = 6

/** Reads a binary layout front to back; a read beyond the end makes it `failed` for good. */
export class ByteReader {
  #at = 0
  #failed = false
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** True once everything was read, nothing is left over and nothing was missing. */
  get isDone(): boolean {
    return !this.#failed && this.#at === this.#bytes.length
  }

  take(length: number): Buffer {
    if (this.#failed || this.#at + length > this.#bytes.length) {
      this.#failed = true
      return Buffer.alloc(length)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  uint8(): number {
    return this.take(1).readUInt8()
  }

  uint32(): number {
    return this.take(4).readUInt32BE()
  }

  uint48(): number {
    return this.take(UINT48_BYTES).readUIntBE(0, UINT48_BYTES)
  }

  /** A length byte, then that many bytes of ASCII; the empty text stands for `fallback`. */
  name(fallback: string): string {
    const length = this.uint8()
    return length === 0 ? fallback : this.take(length).toString('latin1')
  }

  /** Base 128, least significant group first, in its shortest form. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.uint8()
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) {
        if (byte === 0 && index > 0) this.#failed = true
        return value
      }
    }
    this.#failed = true
    return 0
  }
}

/** Base 128, least significant group first; `value` is a whole number below 2^42. */
export function varintBytes(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** A length byte and the text; `fallback` is written as the empty text. */
export function nameBytes(name: string, fallback: string): Buffer {
  const text = Buffer.from(name === fallback ? '' : name, 'latin1')
  return Buffer.concat([Buffer.of(text.length), text])
}
