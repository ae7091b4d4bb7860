import assert from 'node:assert/strict'
import { startCores } from './cores.ts'
import type { Ground, Scene } from './ground.ts'
import { startLoad } from './load.ts'

/** 200 clients, each refreshing once a second: 200 refreshes a second. */
const CLIENTS = 200
const PERIOD_MS = 1000
const CORES = 2

/**
 * Cores on the ground and clients that refresh; resolves when all have refreshed once.
 *
 * @param cli the file of the cores' `pawl` command; default: that of this repository
 */
export async function openScene(ground: Ground, cli?: string): Promise<Scene> {
  const cores = await startCores(CORES, ground.env, cli)
  try {
    const load = await startLoad({ urls: cores.urls, clients: CLIENTS, periodMs: PERIOD_MS })
    await load.recovery(performance.now())
    return { cores, load }
  } catch (error) {
    await cores.stop()
    throw error
  }
}

/** Ends a scene, whatever state it is in. */
export async function closeScene({ cores, load }: Scene): Promise<void> {
  // All is done by then. Node's own tidying up after that may spin for ever in a process under
  // which servers were killed (Environment::CleanupHandles); leaving at once leaves it out.
  process.once('exit', () => process.exit())
  for (const [index] of cores.urls.entries()) cores.signal(index, 'SIGCONT')
  await load.stop()
  await cores.stop()
}

/** Asserts that nobody was logged out or taken for a thief, and that every core still works. */
export function assertNobodyHarmed({ cores, load }: Scene): void {
  const complaints = load.clients.flatMap(({ complaint }) => complaint ?? [])
  assert.deepEqual(complaints, [], 'clients were logged out')
  assert.equal(cores.countOf('theft'), 0, 'a theft was reported')
  cores.assertSound()
}
