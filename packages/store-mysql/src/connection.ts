import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { StoreError } from '@pawl/core'
import type { ConnectionOptions } from 'mysql2'

const knownParameters = ['socket', 'ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key']

/**
 * Reads `mysql://user:password@host:port/database?…` (`mariadb:` means the same) in `mysql2`'s
 * words. Parameters: `socket`, the file of a unix socket; `ssl-mode`, `ssl-ca`, `ssl-cert`,
 * `ssl-key` (files). TLS is on with the certificate and the name checked (`VERIFY_IDENTITY`) for
 * every host but this machine; `ssl-mode=DISABLED` turns it off, and no mode leaves out the check.
 * Throws a sentence, without the URL in it, for anything else.
 *
 * @param over what is laid over the URL
 */
export function readUrl(text: string, over: ConnectionOptions = {}): ConnectionOptions {
  const url = parse(text)
  const unknown = [...url.searchParams.keys()].find((name) => !knownParameters.includes(name))
  if (unknown !== undefined) {
    throw wrongUrl(
      `has the parameter ${unknown}, which is not one of ${knownParameters.join(', ')}`,
    )
  }
  const database = decode(url.pathname.slice(1))
  if (database === '') throw wrongUrl('names no database')
  const socketPath = url.searchParams.get('socket')
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost'
  const tls = readTls(url.searchParams, socketPath !== null || isThisMachine(host))
  const options: ConnectionOptions = {
    ...(socketPath === null
      ? { host, port: url.port === '' ? 3306 : Number(url.port) }
      : { socketPath }),
    database,
    ...(url.username === '' ? {} : { user: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
    ...(tls === undefined ? {} : { ssl: tls }),
    ...over,
  }
  // `mysql2` would look for `localhost` in the certificate of any address.
  if (options.ssl !== undefined && isIP(options.host ?? '') !== 0) {
    throw wrongUrl('asks for TLS to an address: the certificate needs a host name to be checked by')
  }
  return options
}

function parse(text: string): URL {
  const url = /^(mysql|mariadb):\/\//.test(text) ? URL.parse(text) : null
  if (url === null) throw wrongUrl('is not one: mysql://user:password@host:3306/database')
  return url
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrongUrl('has a % that begins no escape')
  }
}

function isThisMachine(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
}

function readTls(parameters: URLSearchParams, isHere: boolean) {
  const mode = parameters.get('ssl-mode') ?? (isHere ? 'DISABLED' : 'VERIFY_IDENTITY')
  if (mode === 'DISABLED') return undefined
  if (!['REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'].includes(mode)) {
    throw wrongUrl('has an ssl-mode other than DISABLED and VERIFY_IDENTITY')
  }
  const file = (name: string) => {
    const path = parameters.get(name)
    return path === null ? undefined : readPem(name, path)
  }
  const [ca, cert, key] = [file('ssl-ca'), file('ssl-cert'), file('ssl-key')]
  return {
    rejectUnauthorized: true,
    verifyIdentity: true,
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
  return new StoreError('unavailable', `the MySQL URL ${what}`)
}
