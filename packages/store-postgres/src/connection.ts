import { readFileSync } from 'node:fs'
import { StoreError } from '@pawl/core'
import type { ClientConfig } from 'pg'

/** What a URL says, in `pg`'s words. */
export interface Connection {
  readonly config: ClientConfig
  /** The PostgreSQL schema that the tables are in; null means the role's own search path. */
  readonly schema: string | null
}

const knownParameters = [
  'host',
  'schema',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
]

/**
 * Reads `postgres://user:password@host:port/database?…`. Parameters: `schema`; `host`, the folder
 * of a unix socket; `sslmode`, `sslrootcert`, `sslcert`, `sslkey` (files); `application_name`. TLS
 * is on with the certificate and the name checked (`verify-full`) for every host but this machine;
 * `sslmode=disable` turns it off, and no mode leaves out the check. Throws a sentence, without the
 * URL in it, for anything else.
 */
export function readUrl(text: string): Connection {
  const url = parse(text)
  const unknown = [...url.searchParams.keys()].find((name) => !knownParameters.includes(name))
  if (unknown !== undefined) {
    throw wrongUrl(
      `has the parameter ${unknown}, which is not one of ${knownParameters.join(', ')}`,
    )
  }
  const host = url.searchParams.get('host') ?? (decode(url.hostname) || 'localhost')
  const database = decode(url.pathname.slice(1))
  if (database === '') throw wrongUrl('names no database')
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

function parse(text: string): URL {
  const isOurs = /^postgres(ql)?:\/\//.test(text)
  const url = isOurs ? URL.parse(text) : null
  if (url === null) throw wrongUrl('is not one: postgres://user:password@host:5432/database')
  return url
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrongUrl('has a % that begins no escape')
  }
}

function readTls(parameters: URLSearchParams, host: string): ClientConfig['ssl'] {
  const isHere = host.startsWith('/') || /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)
  const mode = parameters.get('sslmode') ?? (isHere ? 'disable' : 'verify-full')
  if (mode === 'disable') return false
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) {
    throw wrongUrl('has an sslmode other than disable and verify-full')
  }
  const file = (name: string) => {
    const path = parameters.get(name)
    return path === null ? undefined : readPem(name, path)
  }
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')]
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
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
  return new StoreError('unavailable', `the PostgreSQL URL ${what}`)
}
