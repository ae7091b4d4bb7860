import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeCertificates } from './certificates.ts'
import type { Engine, EngineOptions } from './engine.ts'
import { ensurePrograms } from './packages.ts'
import {
  freePort,
  makeFolder,
  ordinaryUser,
  runAs,
  serverControls,
  serverProcess,
} from './server-process.ts'

const USER = 'pawl'
const PASSWORD = 'a-password-of-the-tests'
const DATABASE = 'pawl'

/** The folder of PostgreSQL's programs, pgbench among them. */
export function postgresPrograms(): string {
  return ensurePrograms({
    engine: 'postgres',
    packages: 'postgresql postgresql-contrib',
    folders: ['/usr/lib/postgresql/*/bin', '/usr/local/bin', '/usr/bin'],
    programs: ['initdb', 'postgres', 'pgbench', 'pg_isready'],
  })
}

/** PostgreSQL with a role and a database named `pawl`; TCP asks for the password (SCRAM). */
export async function start(options: EngineOptions): Promise<Engine> {
  const programs = postgresPrograms()
  const user = ordinaryUser('postgres')
  const folder = makeFolder('postgres', user)
  const data = path.join(folder, 'data')
  const passwordFile = path.join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  chmodSync(passwordFile, 0o644)
  const initdb = `${programs}/initdb -D ${data} -U ${USER} --pwfile=${passwordFile} -E UTF8
    --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-sync --no-instructions`
  runAs(user, initdb.split(/\s+/), folder)

  const port = await freePort()
  const certificates = options.tls === true ? makeCertificates(folder, user) : null
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '120',
    shared_buffers: '128MB',
    // After a crash: one sync of the file system, not one of each of a thousand files.
    recovery_init_sync_method: 'syncfs',
    ...(options.durable === false
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
      : { fsync: 'on', synchronous_commit: 'on' }),
    ...(certificates === null
      ? {}
      : { ssl: 'on', ssl_cert_file: certificates.certFile, ssl_key_file: certificates.keyFile }),
    ...options.settings,
  }
  const server = serverProcess({
    command: [
      `${programs}/postgres`,
      ...['-D', data],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    user,
    folder,
    port,
    isReady: () =>
      spawnSync(`${programs}/pg_isready`, ['-q', '-h', folder, '-p', String(port)]).status === 0,
  })
  await server.start()
  const createdb = ['-h', folder, '-p', String(port), '-U', USER, DATABASE]
  runAs(null, [`${programs}/createdb`, ...createdb], folder)

  return {
    name: 'postgres',
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${DATABASE}`,
    host: '127.0.0.1',
    port,
    socketFolder: folder,
    caFile: certificates?.caFile ?? null,
    isOwn: true,
    ...serverControls(server, { folder, ends: { orderly: 'SIGINT', quick: 'SIGQUIT' } }),
  }
}
