import { spawnSync } from 'node:child_process'
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

const grants = `CREATE DATABASE ${DATABASE};
CREATE USER ${USER}@'%' IDENTIFIED BY '${PASSWORD}';
GRANT ALL ON *.* TO ${USER}@'%' WITH GRANT OPTION;`

/** The folders of MariaDB's programs: the clients and the server are not in the same one. */
const folders = ['/usr/local/bin', '/usr/bin']
const serverFolders = ['/usr/local/sbin', '/usr/sbin']

/** Installs MariaDB where it is missing; the paths of its programs. */
export function mariadbPrograms() {
  const wanted = { engine: 'mariadb', packages: 'mariadb-server' } as const
  const clients = ensurePrograms({
    ...wanted,
    folders,
    programs: ['mariadb', 'mariadb-admin', 'mariadb-install-db'],
  })
  const servers = ensurePrograms({ ...wanted, folders: serverFolders, programs: ['mariadbd'] })
  return {
    server: `${servers}/mariadbd`,
    client: `${clients}/mariadb`,
    admin: `${clients}/mariadb-admin`,
    install: `${clients}/mariadb-install-db`,
  }
}

/** MariaDB with a user and a database named `pawl`; TCP asks for the password. */
export async function start(options: EngineOptions): Promise<Engine> {
  const programs = mariadbPrograms()
  const user = ordinaryUser('mysql')
  const folder = makeFolder('mariadb', user)
  const data = path.join(folder, 'data')
  const socket = path.join(folder, 'mariadb.sock')
  const install = `${programs.install} --no-defaults --datadir=${data} --tmpdir=${folder}
    --auth-root-authentication-method=normal --skip-test-db`
  runAs(user, install.split(/\s+/), folder)

  const port = await freePort()
  const certificates = options.tls === true ? makeCertificates(folder, user) : null
  const settings = {
    'bind-address': '127.0.0.1',
    port: String(port),
    socket,
    datadir: data,
    // A server that starts removes what looks like another's temporary tables.
    tmpdir: folder,
    'pid-file': path.join(folder, 'mariadb.pid'),
    'skip-name-resolve': '1',
    max_connections: '120',
    innodb_buffer_pool_size: '256M',
    innodb_log_file_size: '64M',
    innodb_flush_log_at_trx_commit: options.durable === false ? '0' : '1',
    innodb_doublewrite: options.durable === false ? '0' : '1',
    ...(certificates === null
      ? {}
      : { 'ssl-cert': certificates.certFile, 'ssl-key': certificates.keyFile }),
    ...options.settings,
  }
  const server = serverProcess({
    command: [
      programs.server,
      '--no-defaults',
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ],
    user,
    folder,
    port,
    isReady: () =>
      spawnSync(programs.admin, ['--no-defaults', '-S', socket, '-u', 'root', 'ping']).status === 0,
  })
  await server.start()
  const asRoot = ['--no-defaults', '-S', socket, '-u', 'root', '-e']
  runAs(null, [programs.client, ...asRoot, grants], folder)

  return {
    name: 'mariadb',
    url: `mysql://${USER}:${PASSWORD}@127.0.0.1:${port}/${DATABASE}`,
    host: '127.0.0.1',
    port,
    socketFolder: folder,
    caFile: certificates?.caFile ?? null,
    isOwn: true,
    ...serverControls(server, { folder, ends: { orderly: 'SIGTERM', quick: 'SIGKILL' } }),
  }
}
