import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { OrdinaryUser } from './server-process.ts'

/** PEM files of a server's TLS. */
export interface Certificates {
  /** The authority that clients are to trust. */
  readonly caFile: string
  /** The server's certificate, for `localhost` and nothing else. */
  readonly certFile: string
  readonly keyFile: string
}

/** Makes an authority and a certificate for `localhost` of it, both for one day. */
export function makeCertificates(folder: string, user: OrdinaryUser | null): Certificates {
  const file = (name: string) => path.join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl([
    ...['req', '-x509', ...key, '-days', '1', '-subj', '/CN=the authority of the tests'],
    ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
  ])
  openssl([
    ...['req', ...key, '-subj', '/CN=localhost'],
    ...['-keyout', file('server.key'), '-out', file('server.csr')],
  ])
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost')
  openssl([
    ...['x509', '-req', '-days', '1', '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-extfile', file('names')],
    ...['-in', file('server.csr'), '-out', file('server.pem')],
  ])
  chmodSync(file('server.key'), 0o600)
  if (user !== null) chownSync(file('server.key'), user.uid, user.gid)
  for (const name of ['ca.pem', 'server.pem']) chmodSync(file(name), 0o644)
  return { caFile: file('ca.pem'), certFile: file('server.pem'), keyFile: file('server.key') }
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`)
}
