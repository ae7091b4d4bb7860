import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Engine } from './engine.ts'

/** An ordinary user: database servers refuse to run as root, and should. */
export interface OrdinaryUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The first of these users that the machine has; null when the tests themselves are not root. */
export function ordinaryUser(...names: readonly string[]): OrdinaryUser | null {
  if (process.getuid?.() !== 0) return null
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of [...names, 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields !== undefined) return { name, uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error('this machine has no ordinary user to run a database server as')
}

/** A new folder that belongs to the user. */
export function makeFolder(prefix: string, user: OrdinaryUser | null): string {
  const folder = mkdtempSync(path.join(tmpdir(), `pawl-${prefix}-`))
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

/** Removes a folder that a server lived in. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** A port of the loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Runs a program to its end as the user; throws what it said when it fails. */
export function runAs(user: OrdinaryUser | null, command: readonly string[], cwd: string): void {
  const [program = '', ...args] = command
  const { status, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  })
  if (status === 0) return
  throw new Error(`${path.basename(program)} failed: ${error?.message ?? String(stderr).trim()}`)
}

/** A server program under our hand. */
export interface ServerProcess {
  /** Starts it, and resolves when it accepts connections. */
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end; SIGKILL after a while. */
  end(signal: NodeJS.Signals): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const END_TIMEOUT_MS = 10_000
const POLL_MS = 20

/** What a server is started with. */
export interface ServerCommand {
  readonly command: readonly string[]
  readonly user: OrdinaryUser | null
  readonly folder: string
  readonly port: number
  /** Whether it takes work, beyond listening; asked until true. */
  readonly isReady?: () => boolean
}

/** A server that dies with this process, whatever becomes of it. */
export function serverProcess(server: ServerCommand): ServerProcess {
  let child: ChildProcess | undefined
  const log = path.join(server.folder, 'server.log')

  async function startOnce(): Promise<boolean> {
    const output = openSync(log, 'a')
    const [program = '', ...args] = withEndOfParent(server)
    const started = spawn(program, args, { cwd: server.folder, stdio: ['ignore', output, output] })
    closeSync(output)
    child = started
    const deadlineMs = performance.now() + START_TIMEOUT_MS
    while (started.exitCode === null && started.signalCode === null) {
      if ((await canConnect(server.port)) && (server.isReady?.() ?? true)) return true
      if (performance.now() > deadlineMs) break
      await pause()
    }
    return false
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill('SIGCONT')
    ending.kill(signal)
    const timer = setTimeout(() => ending.kill('SIGKILL'), END_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }

  return {
    start: async () => {
      // After a crash the old one's children may need a moment to let go of port and memory.
      const deadlineMs = performance.now() + START_TIMEOUT_MS
      while (!(await startOnce())) {
        await end('SIGKILL')
        if (performance.now() < deadlineMs && isHeldByOld(log)) await pause()
        else throw new Error(`the server did not start: ${tailOf(log)}`)
      }
    },
    signal: (signal) => {
      child?.kill(signal)
      if (signal === 'SIGSTOP' && child?.pid !== undefined) waitUntilStopped(child.pid)
    },
    end,
  }
}

/** What tests may do to a server of their own; its folder goes with it. */
export function serverControls(
  server: ServerProcess,
  { folder, ends }: { readonly folder: string; readonly ends: ServerEnds },
): Pick<Engine, 'kill' | 'restart' | 'pause' | 'resume' | 'stop'> {
  return {
    kill: () => server.end('SIGKILL'),
    restart: async () => {
      await server.end(ends.orderly)
      await server.start()
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop: async () => {
      await server.end(ends.quick)
      removeFolder(folder)
    },
  }
}

/** The signals at which a server ends in order, and at once. */
export interface ServerEnds {
  readonly orderly: NodeJS.Signals
  readonly quick: NodeJS.Signals
}

/**
 * A signal to stop is handed to one thread, which stops the others when its turn comes: until then
 * they go on answering.
 */
function waitUntilStopped(pid: number): void {
  const deadlineMs = performance.now() + END_TIMEOUT_MS
  while (performance.now() < deadlineMs) {
    const threads = readdirSync(`/proc/${pid}/task`)
    if (threads.every((thread) => isStopped(`/proc/${pid}/task/${thread}/stat`))) return
  }
  throw new Error('the server did not stop')
}

function isStopped(file: string): boolean {
  try {
    const stat = readFileSync(file, 'utf8')
    // The name before it, in brackets, may hold anything.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T'
  } catch {
    // A thread that has ended since.
    return true
  }
}

/** Debian's setpriv changes the user, and asks the kernel to end the server with its parent. */
function withEndOfParent({ command, user }: ServerCommand): readonly string[] {
  if (!existsSync('/usr/bin/setpriv')) return command
  const change =
    user === null
      ? []
      : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--reset-env']
  return ['/usr/bin/setpriv', ...change, '--pdeathsig=KILL', '--', ...command]
}

function isHeldByOld(log: string): boolean {
  return /still in use|Address already in use|could not bind|is another postmaster/i.test(
    tailOf(log),
  )
}

function tailOf(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-6).join('\n')
}

/** Whether something listens on a port of the loopback. */
export async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  const isUp = await promise
  socket.destroy()
  return isUp
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
