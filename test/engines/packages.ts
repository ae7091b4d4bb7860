import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type EngineName, variableOf } from './engine.ts'

/** What an engine needs on the machine. */
export interface EnginePackage {
  readonly engine: EngineName
  /** Debian packages, space between them. */
  readonly packages: string
  /** Where the programs may be, as globs of folders; the last match wins: the newest version. */
  readonly folders: readonly string[]
  /** The programs that have to be there. */
  readonly programs: readonly string[]
}

const INSTALL_TIMEOUT_MS = 300_000

/**
 * Installs, holding one lock, so that test files that start together do not meet. Debian starts a
 * server when its package is installed, unless a policy says 101: ours, unless there is one
 * already.
 */
const installScript = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q update || true
apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=240 $PACKAGES
`

/** The folder of the engine's programs; installs them where they are missing. */
export function ensurePrograms(wanted: EnginePackage): string {
  const found = findPrograms(wanted)
  if (found !== undefined) return found
  refuseWhereImpossible(wanted)
  const lock = path.join(tmpdir(), 'pawl-engines.lock')
  const { status, stderr } = spawnSync('flock', [lock, 'sh', '-c', installScript], {
    env: { ...process.env, PACKAGES: wanted.packages },
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  })
  const installed = findPrograms(wanted)
  if (status !== 0 || installed === undefined) {
    const why = String(stderr).trim().split('\n').slice(-3).join(' ')
    throw new Error(`${wanted.packages} could not be installed: ${why}. ${advice(wanted)}`)
  }
  return installed
}

function findPrograms({ folders, programs }: EnginePackage): string | undefined {
  return folders
    .flatMap((pattern) => globSync(pattern).sort(byNumber))
    .filter((folder) => programs.every((program) => existsSync(path.join(folder, program))))
    .at(-1)
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function refuseWhereImpossible(wanted: EnginePackage): void {
  const programs = wanted.programs.join(', ')
  const isDebian = existsSync('/usr/bin/apt-get')
  if (isDebian && process.getuid?.() === 0) return
  const why = isDebian ? 'only root can install it' : 'this machine has no apt-get'
  throw new Error(`${programs} is missing, and ${why}: ${wanted.packages}. ${advice(wanted)}`)
}

function advice({ engine }: EnginePackage): string {
  const others = ['sqlite', 'postgres', 'redis', 'mariadb', 'mongodb'].filter(
    (name) => name !== engine,
  )
  return `Install it by hand, name a server with ${variableOf(engine)}=url, or leave it out: STORES=${others.join(',')}`
}
