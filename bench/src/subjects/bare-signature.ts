import { generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Subject } from './subject.ts'

const BATCH = 64
/** Length of what a native access token signs, about. */
const SIGNED_CHARS = 380

const KEYS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
} as const

/** `crypto.verify` with a key at hand, and nothing else: what OpenSSL itself takes. */
export async function open(algorithm: string): Promise<Subject> {
  const { privateKey, publicKey } = KEYS[algorithm as keyof typeof KEYS]()
  const dsaEncoding = 'ieee-p1363'
  const signed = Array.from({ length: BATCH }, (_, index) => {
    const text = Buffer.from(String(index).padStart(SIGNED_CHARS, 'x'))
    return { text, signature: sign('sha256', text, { key: privateKey, dsaEncoding }) }
  })
  return {
    batch: () => {
      for (const { text, signature } of signed) {
        if (!verify('sha256', text, { key: publicKey, dsaEncoding }, signature)) {
          throw new Error('refused')
        }
      }
      return BATCH
    },
    close: () => {},
  }
}
