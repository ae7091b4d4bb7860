/**
 * `npm start [-- --store <url>]`: the core service, and the demo that uses it. Both end with
 * Ctrl-C; if one of them ends by itself, so does the other. Without a store (`--store` or
 * `PAWL_STORE`) the core is on its embedded database.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readOrCreateSecretFile } from '@pawl/embedded'
import { root } from './checks/source-files.ts'
import { claimPort, type Service, ServiceFailure, startService } from './running/service.ts'

const coreHost = process.env.PAWL_HOST ?? '127.0.0.1'
const corePort = portFrom('PAWL_PORT', 3567)
const demoPort = portFrom('DEMO_PORT', 3000)
const demoApiPort = portFrom('DEMO_API_PORT', demoPort + 1)
const dataDir = path.resolve(root, process.env.PAWL_DATA_DIR ?? '.pawl')
const logDir = path.join(dataDir, 'logs')
const coreUrl = `http://${coreHost === '0.0.0.0' ? '127.0.0.1' : coreHost}:${corePort}`
const demoUrl = `http://127.0.0.1:${demoPort}`

/** What the core's database is, as `PAWL_STORE` says it; null for the embedded one. */
const store = storeFrom(process.argv.slice(2)) ?? process.env.PAWL_STORE ?? null

function storeFrom(args: string[]): string | undefined {
  try {
    return parseArgs({ args, options: { store: { type: 'string' } } }).values.store
  } catch (error) {
    console.error(`pawl: ${(error as Error).message}`)
    process.exit(2)
  }
}

/**
 * The database and its master secret. A core never invents the secret of a shared database; for the
 * demo one is made here, once, and kept beside its logs.
 */
function storeEnv(): Readonly<Record<string, string>> {
  if (store === null) return {}
  if (process.env.PAWL_SECRET !== undefined || process.env.PAWL_SECRET_FILE !== undefined) {
    return { PAWL_STORE: store }
  }
  if (/^sqlite(:|$)/.test(store)) return { PAWL_STORE: store }
  const file = path.join(dataDir, 'demo-secret')
  readOrCreateSecretFile(file)
  return { PAWL_STORE: store, PAWL_SECRET_FILE: file }
}

function portFrom(name: string, fallback: number): number {
  const text = process.env[name] ?? String(fallback)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  console.error(`pawl: ${name} must be a port from 1 to 65535, but is "${text}".`)
  process.exit(1)
}

async function startCore(): Promise<Service> {
  return await startService({
    name: 'core',
    args: [path.join(root, 'packages/server/src/cli.ts'), 'serve'],
    env: {
      PAWL_HOST: coreHost,
      PAWL_PORT: String(corePort),
      PAWL_DATA_DIR: dataDir,
      ...storeEnv(),
      // Short lives, unless asked otherwise: what the demo shows should happen before your eyes.
      PAWL_ACCESS_TTL_SECONDS: process.env.PAWL_ACCESS_TTL_SECONDS ?? '30',
      PAWL_RACE_WINDOW_MS: process.env.PAWL_RACE_WINDOW_MS ?? '5000',
    },
    readyUrl: `${coreUrl}/health/ready`,
    logFile: path.join(logDir, 'core.log'),
  })
}

async function startDemo(): Promise<Service> {
  return await startService({
    name: 'demo',
    args: [path.join(root, 'examples/demo/src/main.ts')],
    env: {
      PAWL_CORE_URL: coreUrl,
      DEMO_PORT: String(demoPort),
      DEMO_API_PORT: String(demoApiPort),
    },
    readyUrl: demoUrl,
    logFile: path.join(logDir, 'demo.log'),
  })
}

function greet(): void {
  const shortLogDir = path.relative(process.cwd(), logDir) || '.'
  console.log(`
  Pawl is running.

    The demo   ${demoUrl}    open it: log in, rotate, get robbed, get caught
    The core   ${coreUrl}    data and logs in ${path.dirname(shortLogDir)}

  Ctrl-C stops both.
`)
}

async function main(): Promise<number> {
  const started: Service[] = []
  const asked = Promise.withResolvers<undefined>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => asked.resolve(undefined))
  }
  const stopAll = async () => {
    for (const service of started.toReversed()) await service.stop()
  }
  try {
    mkdirSync(logDir, { recursive: true, mode: 0o700 })
    await claimPort(coreHost, corePort, 'PAWL_PORT')
    await claimPort('127.0.0.1', demoPort, 'DEMO_PORT')
    await claimPort('127.0.0.1', demoApiPort, 'DEMO_API_PORT')
    for (const start of [startCore, startDemo]) started.push(await start())
    greet()
    const endings = started.map(async ({ name, ended }) => ({ name, code: await ended }))
    const ending = await Promise.race([asked.promise, ...endings])
    await stopAll()
    if (ending === undefined) return 0
    console.error(`pawl: the ${ending.name} ended by itself (exit code ${ending.code}).`)
    return 1
  } catch (error) {
    await stopAll()
    if (!(error instanceof ServiceFailure)) throw error
    console.error(`pawl: ${error.message}`)
    return 1
  }
}

process.exitCode = await main()
