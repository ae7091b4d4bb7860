import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { interleave } from './interleave.ts'
import { builtService } from './service/built-service.ts'
import { median } from './statistics.ts'

const ROUNDS = 9
/** A service is idle when it was left alone for so long. */
const IDLE_AFTER_MS = 1_500
const MB = 1_048_576

const BARE = `
import { createServer } from 'node:http'
createServer((request, response) => response.end('{}')).listen(0, '127.0.0.1', () => {
  console.log('ready')
})`

/** Process start to the first accepted request, and memory when idle. */
export const start: Figure = {
  name: 'start',
  title: 'the service: start to ready, memory when idle (SQLite, built package)',
  async measure() {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
    const env = {
      NODE_COMPILE_CACHE: path.join(dir, 'compile-cache'),
      PAWL_DATA_DIR: path.join(dir, 'data'),
      PAWL_PORT: '0',
    }
    const memory = { ours: [] as number[], bare: [] as number[] }
    const startOurs = () => startAndStop([builtService(), 'serve'], { env, memory: memory.ours })
    const startBare = () => {
      return startAndStop(['--input-type=module', '-e', BARE], { env, memory: memory.bare })
    }
    try {
      // The first start fills the cache; it is written when the process ends.
      await startOurs()
      memory.ours.length = 0
      const { ours, reference, spread } = await interleave(ROUNDS, {
        ours: startOurs,
        reference: startBare,
      })
      return [
        {
          what: 'start to ready',
          unit: 'ms',
          ours,
          reference: { what: 'bare node:http', value: reference },
          spread,
          goal: { kind: 'atMost', target: 400, moonshot: 200 },
        },
        {
          what: `resident memory, idle ${IDLE_AFTER_MS} ms after start`,
          unit: 'MB',
          ours: median(memory.ours),
          reference: { what: 'bare node:http', value: median(memory.bare) },
          goal: { kind: 'atMost', target: 95, moonshot: 75 },
        },
      ]
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
}

async function startAndStop(
  args: readonly string[],
  options: { readonly env: Record<string, string>; readonly memory: number[] },
): Promise<number> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, args, {
    env: options.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  const readyMs = performance.now() - startedMs
  await delay(IDLE_AFTER_MS)
  options.memory.push(residentBytes(child.pid ?? 0) / MB)
  child.kill('SIGTERM')
  await once(child, 'exit')
  return readyMs
}

/** Resident memory of a process; the kernel's own count. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
