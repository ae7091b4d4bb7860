import { json, type WireAnswer } from './wire-reply.ts'

/**
 * Some drivers, which hand the set on, read the members of an RSA key from each; those that mean
 * nothing for a key are ignored by whoever verifies with it (RFC 7517 section 4).
 */
const RSA_MEMBERS = { n: '', e: '' }

/** How long a set may be kept where no key turns. */
const NO_NEXT_KEY_SECONDS = 3_600

/**
 * A key set, and how long it may be kept: until the next key is made, as this wire has it. Its
 * drivers keep keys for hours whatever is said here.
 */
export function keySetAnswer(set: {
  readonly keys: readonly object[]
  readonly nextKeySeconds: number | null
  readonly status?: string
  readonly isDriver?: boolean
}): WireAnswer {
  const { nextKeySeconds, status, isDriver = false } = set
  const keys = isDriver ? set.keys.map((key) => ({ ...RSA_MEMBERS, ...key })) : set.keys
  const { reply } = json(status === undefined ? { keys } : { status, keys })
  const maxAgeSeconds = nextKeySeconds ?? NO_NEXT_KEY_SECONDS
  return { reply: { ...reply, cacheControl: `max-age=${maxAgeSeconds}, must-revalidate` } }
}
