import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const PACKAGES = path.join(ROOT, 'build/packages')

let cli: string | undefined

/**
 * Builds the packages as they are published, once a run, and returns the path of the service's
 * command: what users run. They find each other as if they were installed together; libraries are
 * the workspace's.
 */
export function builtService(): string {
  if (cli !== undefined) return cli
  const build = [path.join(ROOT, 'scripts/build.ts')]
  const { status, stdout, stderr } = spawnSync(process.execPath, build, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the packages could not be built:\n${stdout}${stderr}`)
  const scope = path.join(PACKAGES, 'node_modules/@pawl')
  rmSync(scope, { recursive: true, force: true })
  mkdirSync(scope, { recursive: true })
  for (const entry of readdirSync(PACKAGES, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'node_modules') {
      symlinkSync(path.join(PACKAGES, entry.name), path.join(scope, entry.name))
    }
  }
  cli = path.join(PACKAGES, 'server/dist/cli.js')
  return cli
}
