import { isThisMachine, readCertificates, urlRules } from '@pawl/store-kit'
import type { RedisClientOptions } from '@redis/client'

/** What a URL says, in the client's words. */
export interface Connection {
  readonly options: RedisClientOptions
  /** What all keys begin with. */
  readonly prefix: string
}

const { parse, decode, wrong } = urlRules({
  title: 'Redis',
  parameters: ['prefix', 'tls', 'cacert', 'cert', 'key'],
})
const PREFIX_DEFAULT = 'pawl:'

/**
 * Reads `redis[s]://user:password@host:port/database?…`. Parameters: `prefix` of all keys;
 * `cacert`, `cert`, `key`, files for TLS. `rediss` is TLS with the certificate and the name
 * checked; `redis`, without TLS, is for this machine, and for others only with `tls=disable`.
 * Throws a sentence, without the URL in it, for anything else.
 */
export function readUrl(text: string): Connection {
  const url = parse(text, /^rediss?:\/\//, 'rediss://user:password@host:6379/0')
  const database = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  if (database === undefined) throw wrong('names a database that is no number')
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
  const isHere = url.hostname === '' || isThisMachine(url.hostname)
  if (url.protocol === 'redis:') {
    if (isHere || url.searchParams.get('tls') === 'disable') return {}
    throw wrong('leads to another machine without TLS: use rediss, or say tls=disable')
  }
  const files = { ca: 'cacert', cert: 'cert', key: 'key' }
  return { ...readCertificates(url.searchParams, files), tls: true as const }
}
