import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const SERVICE = path.resolve(import.meta.dirname, '../../../packages/server/src/cli.ts')
/** The kernel counts CPU time in hundredths of a second. */
const MS_PER_TICK = 10
/** The line that the service logs when it accepts requests. */
const LISTENING = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/

/** A service that was started for a benchmark. */
export interface RunningService {
  readonly port: number
  /** What the kernel counts as resident, in bytes. */
  residentBytes(): number
  /** CPU time that it has taken so far, in milliseconds, by steps of 10. */
  cpuMs(): number
  stop(): Promise<void>
}

/**
 * Starts the service on a folder, as `pawl serve` does; its log is read and thrown away.
 *
 * @param settings further settings, by the names of their environment variables
 * @param cli the `pawl` command to start; default: that of the sources
 */
export async function startService(
  dir: string,
  settings: Readonly<Record<string, string>> = {},
  cli: string = SERVICE,
): Promise<RunningService> {
  const env = {
    NODE_COMPILE_CACHE: path.join(dir, 'compile-cache'),
    PAWL_DATA_DIR: path.join(dir, 'data'),
    PAWL_PORT: '0',
    ...settings,
  }
  const child = spawn(process.execPath, [cli, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${log}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (LISTENING.test(log)) return
      log += chunk
      const found = LISTENING.exec(log)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
  })
  return {
    port,
    residentBytes: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    },
    cpuMs: () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      // After the name, which may hold spaces: state is field 3; user and system time 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
    },
    stop: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
