import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Engine, EngineOptions } from './engine.ts'
import { ensurePrograms } from './packages.ts'
import {
  freePort,
  makeFolder,
  ordinaryUser,
  serverControls,
  serverProcess,
} from './server-process.ts'

const SOURCES = path.join(import.meta.dirname, 'mongodb')
const CACHE = path.join(import.meta.dirname, '../../.cache/mongodb')
const BUILD_TIMEOUT_MS = 300_000
/** Its parts come from Maven Central, under Maven's own checks. */
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

const ADVICE =
  'Debian: apt-get install default-jdk-headless maven. Or name a server with PAWL_TEST_MONGODB=url,' +
  ' or leave it out: STORES=sqlite,postgres,redis,mariadb'

/**
 * The server that stands for MongoDB, a real one being in no registry: mongo-java-server with a
 * file (see `mongodb/Server.java`), built on first use. Every write is in the file before it is
 * answered, so that a kill loses nothing. No password, no TLS, no replica set.
 */
export async function start(_options: EngineOptions): Promise<Engine> {
  ensureJava()
  const build = ensureServer()
  const user = ordinaryUser('mongodb')
  const folder = makeFolder('mongodb', user)
  const port = await freePort()
  // The ordinary user need not be able to read the repository.
  const programs = path.join(folder, 'server')
  cpSync(build, programs, { recursive: true })
  const classPath = `${programs}/classes:${programs}/lib/*`
  const file = path.join(folder, 'data.mv')
  const memory = ['-Xmx1g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const server = serverProcess({
    command: [javaProgram(), ...memory, '-cp', classPath, 'Server', String(port), file],
    user,
    folder,
    port,
  })
  await server.start()

  return {
    name: 'mongodb',
    url: `mongodb://127.0.0.1:${port}/pawl`,
    host: '127.0.0.1',
    port,
    socketFolder: null,
    caFile: null,
    isOwn: true,
    ...serverControls(server, { folder, ends: { orderly: 'SIGTERM', quick: 'SIGKILL' } }),
  }
}

/** Java wherever it is on the path; else Debian's. */
function ensureJava(): void {
  const programs = ['java', 'javac', 'mvn']
  const found = spawnSync('sh', ['-c', programs.map((name) => `command -v ${name}`).join(' && ')])
  if (found.status === 0) return
  const packages = 'default-jdk-headless maven'
  ensurePrograms({ engine: 'mongodb', packages, folders: ['/usr/bin'], programs })
}

/** The folder of the server's classes; made where it is missing, by one process at a time. */
function ensureServer(): string {
  const build = buildFolder()
  if (existsSync(build)) return build
  mkdirSync(CACHE, { recursive: true })
  const program = 'import { build } from "./mongodb.ts"; build()'
  const node = [process.execPath, '--input-type=module', '-e', program]
  const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: BUILD_TIMEOUT_MS } as const
  const { status, stderr, error } = spawnSync('flock', [`${CACHE}/lock`, ...node], options)
  if (status === 0 && existsSync(build)) return build
  const why = error?.message ?? String(stderr).trim().split('\n').slice(-4).join(' ')
  throw new Error(`the MongoDB server of the tests could not be built: ${why}. ${ADVICE}`)
}

/** A folder for each state of the sources: what was built of an older one is not used. */
function buildFolder(): string {
  const sources = ['Server.java', 'pom.xml'].map((file) => readFileSync(path.join(SOURCES, file)))
  return path.join(CACHE, `server-${hash('sha256', Buffer.concat(sources)).slice(0, 12)}`)
}

/** Builds the server unless it is there; whoever calls it holds the lock. */
export function build(): void {
  const target = buildFolder()
  if (existsSync(target)) return
  const making = path.join(CACHE, 'making')
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true })
  const pom = path.join(SOURCES, 'pom.xml')
  run('mvn', ['-q', '-B', '-f', pom, GOAL, `-DoutputDirectory=${making}/lib`])
  const classes = ['-cp', `${making}/lib/*`, '-d', `${making}/classes`]
  run('javac', [...classes, path.join(SOURCES, 'Server.java')])
  renameSync(making, target)
}

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: BUILD_TIMEOUT_MS,
  })
  if (status === 0) return
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-3).join(' ')
  throw new Error(`${program} failed: ${error?.message ?? said}`)
}

/** Found by its own path: the server runs without this process's environment. */
function javaProgram(): string {
  const { stdout, status } = spawnSync('sh', ['-c', 'command -v java'], { encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  throw new Error(`java is missing. ${ADVICE}`)
}
