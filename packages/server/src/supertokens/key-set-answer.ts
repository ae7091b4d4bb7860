import { json, type WireAnswer } from './wire-reply.ts'

/** A key set, and how long it may be kept: until the next key is made, and never long. */
export function keySetAnswer(set: {
  readonly keys: readonly object[]
  readonly maxAgeSeconds?: number | undefined
  readonly status?: string
}): WireAnswer {
  const { keys, maxAgeSeconds = 1, status } = set
  const { reply } = json(status === undefined ? { keys } : { status, keys })
  return { reply: { ...reply, cacheControl: `max-age=${maxAgeSeconds}, must-revalidate` } }
}
