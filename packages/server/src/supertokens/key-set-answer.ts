import { json, type WireAnswer } from './wire-reply.ts'

/**
 * Some drivers, which hand the set on, read the members of an RSA key from each; those that mean
 * nothing for a key are ignored by whoever verifies with it (RFC 7517 section 4).
 */
const RSA_MEMBERS = { n: '', e: '' }

/** A key set, and how long it may be kept: until the next key is made, and never long. */
export function keySetAnswer(set: {
  readonly keys: readonly object[]
  readonly maxAgeSeconds?: number | undefined
  readonly status?: string
  readonly isDriver?: boolean
}): WireAnswer {
  const { maxAgeSeconds = 1, status, isDriver = false } = set
  const keys = isDriver ? set.keys.map((key) => ({ ...RSA_MEMBERS, ...key })) : set.keys
  const { reply } = json(status === undefined ? { keys } : { status, keys })
  return { reply: { ...reply, cacheControl: `max-age=${maxAgeSeconds}, must-revalidate` } }
}
