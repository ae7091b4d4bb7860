import { randomFillSync } from 'node:crypto'
import type { Origin, Random } from '@pawl/core'
import { handleOf, ORIGIN_BYTES } from './session-origin.ts'

/** Asking the operating system costs 2 µs a call; a pool brings it to a twentieth of that. */
const POOL_BYTES = 8_192

const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
let used = POOL_BYTES

/**
 * `length` fresh random bytes (at most 8 192) from the operating system's generator. Each byte is
 * handed out once; the pool forgets it.
 */
export function randomBytes(length: number): Buffer {
  if (used + length > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = Buffer.allocUnsafe(length)
  pool.copy(bytes, 0, used, used + length)
  pool.fill(0, used, used + length)
  used += length
  return bytes
}

/** The core's source of chance. */
export const systemRandom: Random = {
  session() {
    const origin = new Uint8Array(randomBytes(ORIGIN_BYTES)) as Origin
    return { handle: handleOf(origin), origin }
  },
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
}
