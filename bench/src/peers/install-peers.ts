import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const FOLDER = path.resolve(import.meta.dirname, '../../peers')
const STAMP = path.join(FOLDER, 'node_modules/.lock-hash')
const INSTALL_TIMEOUT_MS = 300_000

/**
 * Installs the peers into a folder of their own, if what is there is not what its lock file asks
 * for: nobody who does not measure needs them. Throws if npm fails.
 */
export function installPeers(): void {
  const lock = readFileSync(path.join(FOLDER, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  console.error('installing the peers (about a minute, only when they change)')
  const args = ['ci', '--omit=peer', '--ignore-scripts', '--loglevel=error']
  const shell = process.platform === 'win32'
  const stdio = ['ignore', 'inherit', 'inherit'] as const
  const options = { cwd: FOLDER, stdio: [...stdio], shell, timeout: INSTALL_TIMEOUT_MS }
  const { status } = spawnSync('npm', args, options)
  if (status !== 0) throw new Error('the peers could not be installed: is there a network?')
  writeFileSync(STAMP, hash)
}

/** Loads a peer by its name; its types are what the caller needs of it. */
export function loadPeer<T>(name: string): T {
  return createRequire(path.join(FOLDER, 'package.json'))(name) as T
}

/** The version that is installed. */
export function versionOfPeer(name: string): string {
  const file = path.join(FOLDER, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
