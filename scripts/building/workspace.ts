import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/source-files.ts'

/** What this build reads and writes of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly engines: Readonly<Record<string, string>>
  /** Subpath -> source file, both starting with a dot. */
  readonly exports: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: unknown
}

/** A package of this repository that is published. */
export interface Workspace {
  readonly manifest: Manifest
  /** Where its sources are: absolute. */
  readonly sourceDir: string
  /** Where it is built: absolute. */
  readonly buildDir: string
}

/** All published packages, each after the ones it depends on. */
export function listWorkspaces(): readonly Workspace[] {
  const found = globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => {
      const folder = path.dirname(file)
      const manifest = JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Manifest
      const buildDir = path.join(root, 'build', folder)
      return { manifest, sourceDir: path.join(root, folder), buildDir }
    })
  const sorted: Workspace[] = []
  const place = (workspace: Workspace) => {
    if (sorted.includes(workspace)) return
    for (const other of found) {
      if (other.manifest.name in (workspace.manifest.dependencies ?? {})) place(other)
    }
    sorted.push(workspace)
  }
  found.forEach(place)
  return sorted
}

/** The place in `dist` of what is made of a source file: `./src/a.ts` -> `./dist/a.js`. */
export function builtPath(source: string, extension: '.js' | '.d.ts'): string {
  return source.replace(/^\.\/src\//, './dist/').replace(/\.tsx?$/, extension)
}
