import { isIP } from 'node:net'
import { isThisMachine, readCertificates, urlRules } from '@pawl/store-kit'
import type { ConnectionOptions } from 'mysql2'

const { parse, decode, wrong } = urlRules({
  title: 'MySQL',
  parameters: ['socket', 'ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key'],
})

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
  const url = parse(text, /^(mysql|mariadb):\/\//, 'mysql://user:password@host:3306/database')
  const database = decode(url.pathname.slice(1))
  if (database === '') throw wrong('names no database')
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
    throw wrong('asks for TLS to an address: the certificate needs a host name to be checked by')
  }
  return options
}

function readTls(parameters: URLSearchParams, isHere: boolean) {
  const mode = parameters.get('ssl-mode') ?? (isHere ? 'DISABLED' : 'VERIFY_IDENTITY')
  if (mode === 'DISABLED') return undefined
  if (!['REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'].includes(mode)) {
    throw wrong('has an ssl-mode other than DISABLED and VERIFY_IDENTITY')
  }
  const files = { ca: 'ssl-ca', cert: 'ssl-cert', key: 'ssl-key' }
  return { ...readCertificates(parameters, files), verifyIdentity: true }
}
