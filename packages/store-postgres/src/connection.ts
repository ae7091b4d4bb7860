import { isThisMachine, readCertificates, urlRules } from '@pawl/store-kit'
import type { ClientConfig } from 'pg'

/** What a URL says, in `pg`'s words. */
export interface Connection {
  readonly config: ClientConfig
  /** The PostgreSQL schema that the tables are in; null means the role's own search path. */
  readonly schema: string | null
}

const { parse, decode, wrong } = urlRules({
  title: 'PostgreSQL',
  parameters: ['host', 'schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name'],
})

/**
 * Reads `postgres://user:password@host:port/database?…`. Parameters: `schema`; `host`, the folder
 * of a unix socket; `sslmode`, `sslrootcert`, `sslcert`, `sslkey` (files); `application_name`. TLS
 * is on with the certificate and the name checked (`verify-full`) for every host but this machine;
 * `sslmode=disable` turns it off, and no mode leaves out the check. Throws a sentence, without the
 * URL in it, for anything else.
 */
export function readUrl(text: string): Connection {
  const url = parse(text, /^postgres(ql)?:\/\//, 'postgres://user:password@host:5432/database')
  const host = url.searchParams.get('host') ?? (decode(url.hostname) || 'localhost')
  const database = decode(url.pathname.slice(1))
  if (database === '') throw wrong('names no database')
  const config: ClientConfig = {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    ssl: readTls(url.searchParams, host),
    application_name: url.searchParams.get('application_name') ?? 'pawl',
  }
  if (url.username !== '') config.user = decode(url.username)
  if (url.password !== '') config.password = decode(url.password)
  return { config, schema: url.searchParams.get('schema') }
}

function readTls(parameters: URLSearchParams, host: string): ClientConfig['ssl'] {
  const isHere = host.startsWith('/') || isThisMachine(host)
  const mode = parameters.get('sslmode') ?? (isHere ? 'disable' : 'verify-full')
  if (mode === 'disable') return false
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) {
    throw wrong('has an sslmode other than disable and verify-full')
  }
  return readCertificates(parameters, { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' })
}
