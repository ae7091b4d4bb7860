import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'
import { ErrorReply } from '@redis/client'

/** The first word of an error of the server, and what it means to the core. */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  READONLY: 'read-only', // a replica
  OOM: 'read-only', // maxmemory is reached
  MISCONF: 'read-only', // the disk is full or fails
  NOREPLICAS: 'read-only', // min-replicas-to-write is not met
  LOADING: 'unavailable', // reading its files after a start
  BUSY: 'unavailable', // some script runs for too long
  MASTERDOWN: 'unavailable',
  CLUSTERDOWN: 'unavailable',
  TRYAGAIN: 'unavailable',
  MOVED: 'unavailable', // a cluster
  CROSSSLOT: 'unavailable',
  NOAUTH: 'unavailable',
  WRONGPASS: 'unavailable',
  NOPERM: 'schema',
  WRONGTYPE: 'corrupt',
}

const sentences: Readonly<Record<string, string>> = {
  NOAUTH: 'Redis asks for a password',
  WRONGPASS: 'Redis refused the user or the password',
  NOPERM: 'the Redis user lacks a right that it needs',
  MOVED: 'Redis Cluster is not supported: name a single primary',
  CROSSSLOT: 'Redis Cluster is not supported: name a single primary',
}

/**
 * The first word of an error that the server answered with; undefined for any other error. Redis
 * before 7 wraps what goes wrong in a script: `ERR Error running script (…): …: -READONLY …`.
 */
export function serverCode(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined
  const [code] = error.message.split(' ', 1)
  return code === 'ERR' ? (/[:\s]-([A-Z]+) /.exec(error.message)?.[1] ?? code) : code
}

/** The error as the port knows it. A bug of ours comes back as it is. */
export function toStoreError(error: unknown): unknown {
  if (isStoreError(error) || !(error instanceof Error)) return error
  const code = serverCode(error)
  const kind = code === undefined ? kindOfWire(error) : kindOfReply(code, error.message)
  if (kind === undefined) return error
  const text = error.message || (error as NodeJS.ErrnoException).code || error.name
  return new StoreError(kind, `${sentences[code ?? ''] ?? 'Redis'}: ${text}`, { cause: error })
}

/** Redis turns a connection too many away with `ERR`, the word that it has for everything else. */
function kindOfReply(code: string, message: string): StoreErrorKind | undefined {
  if (code === 'NOSCRIPT') return undefined
  // A script that fails by itself is ours; what else no table lists is the server's trouble.
  const isOurs = code === 'ERR' && /script/i.test(message)
  return kinds[code] ?? (isOurs ? undefined : 'unavailable')
}

/** What the client throws by itself is about the wire, unless it was called wrongly. */
function kindOfWire(error: Error): StoreErrorKind | undefined {
  return error instanceof TypeError || error instanceof RangeError ? undefined : 'unavailable'
}
