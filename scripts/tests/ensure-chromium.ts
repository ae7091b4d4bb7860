import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'

const APT_TIMEOUT_MS = 8 * 60_000
const packages = ['chromium', 'fonts-liberation', 'fonts-dejavu-core']

/**
 * Makes sure that there is a Chromium for the browser tests: on Debian, as root, it is installed.
 * Returns the sentence that says what is missing, or undefined when all is there.
 */
export function ensureChromium(): string | undefined {
  if (process.env.PAWL_CHROMIUM !== undefined || isOnPath('chromium')) return undefined
  const manual =
    'the browser tests need Chromium: on PATH as "chromium", or named by PAWL_CHROMIUM. ' +
    `On Debian: apt-get install ${packages.join(' ')}. ` +
    'The rest runs without it: npm test -- check unit simulation integration pack'
  if (!existsSync('/etc/debian_version') || !isOnPath('apt-get')) return manual
  if (process.getuid?.() !== 0) return manual
  console.log(`installing ${packages.join(', ')} (once)`)
  const installed =
    runApt(['update', '-qq']) &&
    runApt(['install', '-qq', '-y', '--no-install-recommends', ...packages])
  return installed && isOnPath('chromium') ? undefined : `apt-get failed, and ${manual}`
}

function runApt(args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const done = spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: APT_TIMEOUT_MS })
  if (done.status !== 0) console.error(`${done.stdout}\n${done.stderr}`)
  return done.status === 0
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
