import { StoreError } from '@pawl/core'
import type { MongoClientOptions } from 'mongodb'
import { decode } from './names.ts'

/** What a URL says, in the driver's words. */
export interface Connection {
  /** The URL as it was given, credentials included: for the driver and nobody else. */
  readonly url: string
  readonly options: MongoClientOptions
  readonly database: string
}

/** No parameter that weakens a promise of the store is among them. */
const knownParameters = [
  'appName',
  'authMechanism',
  'authMechanismProperties',
  'authSource',
  'directConnection',
  'replicaSet',
  'retryWrites',
  'srvMaxHosts',
  'srvServiceName',
  'tls',
  'tlsCAFile',
  'tlsCertificateKeyFile',
  'tlsCertificateKeyFilePassword',
]

const shape = /^mongodb(\+srv)?:\/\/(?:[^/?#]*@)?([^/?#@]+)\/([^/?#]*)(?:\?([^#]*))?$/
const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$|\.sock$/i

/**
 * Reads `mongodb://user:password@host:port,host:port/database?…`, or `mongodb+srv`. Parameters are
 * the driver's own, but for those that would lower durability, consistency or the check of
 * certificates. TLS is on, with the certificate and the name checked, for every host but this
 * machine; `tls=false` turns it off. Throws a sentence, without the URL in it, for anything else.
 */
export function readUrl(url: string): Connection {
  const [, srv, hosts = '', path = '', query = ''] = shape.exec(url) ?? []
  if (hosts === '') throw wrongUrl('is not one: mongodb://user:password@host:27017/database')
  const parameters = new URLSearchParams(query)
  const unknown = [...parameters.keys()].find((name) => !knownParameters.includes(name))
  if (unknown !== undefined) {
    throw wrongUrl(
      `has the parameter ${unknown}, which is not one of ${knownParameters.join(', ')}`,
    )
  }
  const database = decode(path)
  if (database === '') throw wrongUrl('names no database')
  if (/[/\\. "$*<>:|?\0]/.test(database))
    throw wrongUrl('names a database that MongoDB cannot have')
  const tls = parameters.get('tls')
  if (tls !== null && tls !== 'true' && tls !== 'false') {
    throw wrongUrl('has a tls other than true and false')
  }
  const isOfThisMachine = srv === undefined && hosts.split(',').every((host) => isHere.test(host))
  return { url, options: { tls: tls === null ? !isOfThisMachine : tls === 'true' }, database }
}

function _decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrongUrl('has a % that begins no escape')
  }
}

/** A URL that is refused, in a sentence that does not repeat it. */
export function wrongUrl(what: string): StoreError {
  return new StoreError('unavailable', `the MongoDB URL ${what}`)
}
