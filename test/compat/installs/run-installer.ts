import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** An SDK could not be installed; the message says what to do. */
export class InstallFailure extends Error {}

/** Where packages of other people are kept between runs; not in git. */
export const CACHE_DIR = path.resolve(import.meta.dirname, '../../../.cache/compat')

const STEP_TIMEOUT_MS = 600_000
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024
const STAMP = '.installed'

/**
 * The folder `name` of the cache, filled by `install` unless that was done with the same `recipe`
 * before. A recipe is everything that the installation depends on: versions, sources.
 */
export function ensureInstalled(
  name: string,
  recipe: string,
  install: (folder: string) => void,
): string {
  const folder = path.join(CACHE_DIR, name)
  const stamp = path.join(folder, STAMP)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === recipe) return folder
  console.log(`installing ${name} (once)`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  install(folder)
  writeFileSync(stamp, recipe)
  return folder
}

/** What a step of an installation runs. */
export interface InstallStep {
  readonly command: readonly string[]
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** What has to be on the machine for it, for the sentence of its failure. */
  readonly needs: string
}

/** Runs a step to its end; throws {@link InstallFailure} with what it said. */
export function runInstallStep({ command, folder, env, needs }: InstallStep): void {
  const [program = '', ...args] = command
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
    maxBuffer: OUTPUT_MAX_BYTES,
  })
  if (status === 0) return
  const said = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-8).join('\n')
  throw new InstallFailure(
    `"${command.slice(0, 3).join(' ')} …" failed (it needs ${needs}): ` +
      `${error?.message ?? ''}\n${said}`,
  )
}
