import { spawnSync } from 'node:child_process'
import { makeCertificates } from './certificates.ts'
import type { Engine, EngineOptions } from './engine.ts'
import { ensurePrograms } from './packages.ts'
import {
  freePort,
  makeFolder,
  ordinaryUser,
  serverControls,
  serverProcess,
} from './server-process.ts'

const PASSWORD = 'a-password-of-the-tests'

/** The folder of Redis's programs. */
export function redisPrograms(): string {
  return ensurePrograms({
    engine: 'redis',
    packages: 'redis-server',
    folders: ['/usr/local/bin', '/usr/bin'],
    programs: ['redis-server', 'redis-cli', 'redis-benchmark'],
  })
}

/** Redis that writes every command to its append-only file before it answers. */
export async function start(options: EngineOptions): Promise<Engine> {
  const programs = redisPrograms()
  const user = ordinaryUser('redis')
  const folder = makeFolder('redis', user)
  const port = await freePort()
  const certificates = options.tls === true ? makeCertificates(folder, user) : null
  const settings = {
    bind: '127.0.0.1',
    port: certificates === null ? String(port) : '0',
    'tls-port': certificates === null ? '0' : String(port),
    unixsocket: `${folder}/redis.sock`,
    unixsocketperm: '777',
    dir: folder,
    requirepass: PASSWORD,
    appendonly: 'yes',
    appendfsync: options.durable === false ? 'no' : 'always',
    save: '',
    ...(certificates === null
      ? {}
      : {
          'tls-cert-file': certificates.certFile,
          'tls-key-file': certificates.keyFile,
          'tls-ca-cert-file': certificates.caFile,
          'tls-auth-clients': 'no',
        }),
    ...options.settings,
  }
  const socket = settings.unixsocket
  const server = serverProcess({
    command: [
      `${programs}/redis-server`,
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    user,
    folder,
    port,
    isReady: () => {
      const args = ['-s', socket, '-a', PASSWORD, '--no-auth-warning', 'ping']
      return String(spawnSync(`${programs}/redis-cli`, args).stdout).startsWith('PONG')
    },
  })
  await server.start()

  return {
    name: 'redis',
    url: `${certificates === null ? 'redis' : 'rediss'}://default:${PASSWORD}@127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    socketFolder: folder,
    caFile: certificates?.caFile ?? null,
    isOwn: true,
    ...serverControls(server, { folder, ends: { orderly: 'SIGTERM', quick: 'SIGKILL' } }),
  }
}
