import { isThisMachine, urlRules } from '@pawl/store-kit'
import type { MongoClientOptions } from 'mongodb'

/** What a URL says, in the driver's words. */
export interface Connection {
  /** The URL as it was given, credentials included: for the driver and nobody else. */
  readonly url: string
  readonly options: MongoClientOptions
  readonly database: string
}

const shape = /^mongodb(\+srv)?:\/\/(?:[^/?#]*@)?([^/?#@]+)\/([^/?#]*)(?:\?([^#]*))?$/

const rules = urlRules({
  title: 'MongoDB',
  // None that weakens a promise of the store is among them.
  parameters: [
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
  ],
})
/** A URL that is refused, in a sentence that does not repeat it. */
export const wrongUrl = rules.wrong

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
  rules.check(parameters)
  const database = rules.decode(path)
  if (database === '') throw wrongUrl('names no database')
  if (/[/\\. "$*<>:|?\0]/.test(database))
    throw wrongUrl('names a database that MongoDB cannot have')
  const tls = parameters.get('tls')
  if (tls !== null && tls !== 'true' && tls !== 'false') {
    throw wrongUrl('has a tls other than true and false')
  }
  const isOfThisMachine = srv === undefined && hosts.split(',').every(isHere)
  return { url, options: { tls: tls === null ? !isOfThisMachine : tls === 'true' }, database }
}

function isHere(host: string): boolean {
  return /\.sock$/i.test(host) || isThisMachine(host.replace(/:\d+$/, ''))
}
