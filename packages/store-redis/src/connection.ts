import { readFileSync } from 'node:fs'
import { StoreError } from '@pawl/core'
import type { RedisClientOptions } from '@redis/client'

/** What a URL says, in the client's words. */
export interface Connection {
  readonly options: RedisClientOptions
  /** What all keys begin with. */
  readonly prefix: string
}

const knownParameters = ['prefix', 'tls', 'cacert', 'cert', 'key']
const PREFIX_DEFAULT = 'pawl:'

/**
 * Reads `redis[s]://user:password@host:port/database?…`. Parameters: `prefix` of all keys;
 * `cacert`, `cert`, `key`, files for TLS. `rediss` is TLS with the certificate and the name
 * checked; `redis`, without TLS, is for this machine, and for others only with `tls=disable`.
 * Throws a sentence, without the URL in it, for anything else.
 */
export function readUrl(text: string): Connection {
  const url = /^rediss?:\/\//.test(text) ? URL.parse(text) : null
  if (url === null) throw wrongUrl('is not one: rediss://user:password@host:6379/0')
  const unknown = [...url.searchParams.keys()].find((name) => !knownParameters.includes(name))
  if (unknown !== undefined) {
    throw wrongUrl(
      `has the parameter ${unknown}, which is not one of ${knownParameters.join(', ')}`,
    )
  }
  const database = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  if (database === undefined) throw wrongUrl('names a database that is no number')
  const options: RedisClientOptions = {
    socket: {
      host: url.hostname === '' ? 'localhost' : url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 6379 : Number(url.port),
      ...readTls(url),
    },
    database: Number(database),
  }
  if (url.username !== '') options.username = decode(url.username)
  if (url.password !== '') options.password = decode(url.password)
  return { options, prefix: url.searchParams.get('prefix') ?? PREFIX_DEFAULT }
}

function readTls(url: URL) {
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/.test(url.hostname)
  if (url.protocol === 'redis:') {
    if (isHere || url.searchParams.get('tls') === 'disable') return {}
    throw wrongUrl('leads to another machine without TLS: use rediss, or say tls=disable')
  }
  const file = (name: string) => {
    const path = url.searchParams.get(name)
    return path === null ? undefined : readPem(name, path)
  }
  const [ca, cert, key] = [file('cacert'), file('cert'), file('key')]
  return {
    tls: true as const,
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrongUrl('has a % that begins no escape')
  }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StoreError('unavailable', `the file that ${name} names cannot be read`, { cause })
  }
}

function wrongUrl(what: string): StoreError {
  return new StoreError('unavailable', `the Redis URL ${what}`)
}
