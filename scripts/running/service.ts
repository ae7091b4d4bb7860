import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A long-running program of ours. */
export interface ServiceSettings {
  readonly name: string
  /** Arguments to this Node: the file to run, and its own arguments. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Answers 2xx when the service is ready. */
  readonly readyUrl: string
  /** What it prints goes there. */
  readonly logFile: string
}

/** A service that answers. */
export interface Service {
  readonly name: string
  /** Settles with the exit code when the process ends, for whatever reason. */
  readonly ended: Promise<number>
  /** Asks it to stop, then makes it: returns when it is gone. */
  stop(): Promise<void>
}

/** Why a service did not come up, in a sentence, with the end of its log. */
export class ServiceFailure extends Error {}

const READY_TIMEOUT_MS = 30_000
const POLL_MS = 50
const STOP_TIMEOUT_MS = 10_000
const LOG_TAIL_LINES = 20

/** Refuses with a sentence if something listens on the port already. `setting` names the remedy. */
export async function claimPort(host: string, port: number, setting: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const probe = net.createServer()
  probe.once('error', (error: NodeJS.ErrnoException) => {
    const advice = `stop what uses it, or set ${setting} to another port`
    const taken = error.code === 'EADDRINUSE'
    const what = taken ? `port ${port} on ${host} is taken` : `cannot listen on ${host}:${port}`
    reject(new ServiceFailure(`${what}${taken ? '' : ` (${error.message})`}: ${advice}.`))
  })
  probe.listen(port, host, () => probe.close(() => resolve()))
  await promise
}

/** Starts a service and waits until it is ready; throws `ServiceFailure` if it never is. */
export async function startService(settings: ServiceSettings): Promise<Service> {
  const log = openSync(settings.logFile, 'w', 0o600)
  // Its own process group: Ctrl-C reaches only us, and we stop the services in order.
  const child = spawn(process.execPath, [...settings.args], {
    env: { ...process.env, ...settings.env },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const { promise: ended, resolve } = Promise.withResolvers<number>()
  child.once('exit', (code) => resolve(code ?? 1))
  child.once('error', () => resolve(1))
  const service = { name: settings.name, ended, stop: () => stopChild(child, ended) }
  if (await becomesReady(settings.readyUrl, child)) return service
  await service.stop()
  const tail = readFileSync(settings.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES)
  throw new ServiceFailure(
    [`the ${settings.name} did not start. The end of its log:`, ...tail].join('\n  '),
  )
}

async function becomesReady(url: string, child: ChildProcess): Promise<boolean> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < deadlineMs && child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok === true) return true
    await delay(POLL_MS)
  }
  return false
}

async function stopChild(child: ChildProcess, ended: Promise<number>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
