import {
  type Engine,
  type EngineModule,
  type EngineName,
  type EngineOptions,
  variableOf,
} from './engine.ts'

export type { Engine, EngineName, EngineOptions } from './engine.ts'
export { startProxy, type TcpProxy } from './proxy.ts'

/** One file per engine, loaded when it is asked for. */
const modules: { readonly [Name in EngineName]?: () => Promise<EngineModule> } = {
  postgres: () => import('./postgres.ts'),
  redis: () => import('./redis.ts'),
  mongodb: () => import('./mongodb.ts'),
  mariadb: () => import('./mariadb.ts'),
}

/** `STORES=postgres,redis` narrows which engines the tests run on; all without it. */
export function isChosen(name: EngineName | 'sqlite'): boolean {
  const chosen = (process.env.STORES ?? '').split(',').filter((word) => word !== '')
  return chosen.length === 0 || chosen.includes(name)
}

/**
 * Starts a server of its own: free port, temporary folder, an ordinary user. Installs Debian's
 * package where it is missing; throws a sentence where it cannot.
 */
export async function startEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  const load = modules[name]
  if (load === undefined) throw new Error(`there is no script for the engine ${name}`)
  const module = await load()
  return module.start(options)
}

/**
 * The server named by `PAWL_TEST_POSTGRES`, `PAWL_TEST_MYSQL`, … where that is set, else one that
 * is started. For tests that do not kill it. What they write stays in a server that was named.
 */
export async function useEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  const url = process.env[variableOf(name)]
  return url === undefined ? startEngine(name, options) : strangersEngine(name, url)
}

function strangersEngine(name: EngineName, url: string): Engine {
  const { hostname, port } = new URL(url)
  const refuse = () => {
    throw new Error(`the ${name} server of ${variableOf(name)} is not ours to disturb`)
  }
  return {
    name,
    url,
    host: hostname,
    port: Number(port),
    socketFolder: null,
    caFile: null,
    isOwn: false,
    kill: async () => refuse(),
    restart: async () => refuse(),
    pause: refuse,
    resume: refuse,
    stop: async () => {},
  }
}
