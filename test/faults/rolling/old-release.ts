import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

const root = path.resolve(import.meta.dirname, '../../..')

/**
 * The oldest build that reads and writes today's schema and tokens, as `pack-release.ts` packs it.
 * A clone need not have the history that it comes from.
 */
export const OLD_RELEASE_FILE = path.join(root, 'test/fixtures/old-release.tar.br')

/** What a release serves with. */
export const RELEASE_PACKAGES = [
  'protocol',
  'core',
  'embedded',
  'server',
  'node',
  'store-kit',
  'store-sqlite',
  'store-postgres',
  'store-redis',
] as const

/** A release in a folder of its own, beside the libraries of this repository. */
export interface OldRelease {
  /** The file of its `pawl` command. */
  readonly cli: string
  /** Copies a program there, where its imports lead to the release's packages. */
  readonly adopt: (program: string) => string
  readonly remove: () => void
}

/** Unpacks the old release. */
export function unpackOldRelease(): OldRelease {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-old-'))
  const input = brotliDecompressSync(readFileSync(OLD_RELEASE_FILE))
  const { status, stderr } = spawnSync('tar', ['-x', '-C', folder], { input })
  if (status !== 0) throw new Error(`tar failed: ${stderr}`)
  linkLibraries(folder)
  return {
    cli: path.join(folder, 'packages/server/src/cli.ts'),
    adopt: (program) => {
      const copy = path.join(folder, path.basename(program))
      copyFileSync(program, copy)
      return copy
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Libraries are this repository's; packages of our own are the release's. */
function linkLibraries(folder: string): void {
  const libraries = path.join(root, 'node_modules')
  const links = path.join(folder, 'node_modules')
  mkdirSync(path.join(links, '@pawl'), { recursive: true })
  for (const name of readdirSync(libraries)) {
    if (name !== '@pawl') symlinkSync(path.join(libraries, name), path.join(links, name))
  }
  for (const name of RELEASE_PACKAGES) {
    symlinkSync(path.join(folder, 'packages', name), path.join(links, '@pawl', name))
  }
}
