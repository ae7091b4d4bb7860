import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/source-files.ts'
import { builtPath, type Manifest, type Workspace } from './workspace.ts'

const shebang = '#!/usr/bin/env node\n'

/** Writes what is beside `dist` in a published package: its manifest, README and LICENSE. */
export function writePublishFiles({ manifest, sourceDir, buildDir }: Workspace): void {
  const published = publishedManifest(manifest)
  writeFileSync(path.join(buildDir, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  copyFileSync(path.join(root, 'LICENSE'), path.join(buildDir, 'LICENSE'))
  const readme = path.join(sourceDir, 'README.md')
  const target = path.join(buildDir, 'README.md')
  if (existsSync(readme)) copyFileSync(readme, target)
  else writeFileSync(target, `# ${manifest.name}\n\n${manifest.description}\n\nPart of Pawl.\n`)
  for (const source of Object.values(manifest.bin ?? {})) {
    makeExecutable(path.join(buildDir, builtPath(source, '.js')))
  }
}

function publishedManifest(manifest: Manifest): object {
  const { exports, bin, dependencies, ...rest } = manifest
  const places = Object.entries(exports).map(([subpath, source]) => {
    const target = { types: builtPath(source, '.d.ts'), default: builtPath(source, '.js') }
    return [subpath, target]
  })
  const commands = Object.entries(bin ?? {}).map(([name, source]) => [
    name,
    builtPath(source, '.js').replace(/^\.\//, ''),
  ])
  return {
    ...pick(rest),
    exports: { ...Object.fromEntries(places), './package.json': './package.json' },
    ...(bin === undefined ? {} : { bin: Object.fromEntries(commands) }),
    ...(dependencies === undefined ? {} : { dependencies }),
  }
}

/** The allow-list of what is published: scripts, development dependencies and the like are not. */
function pick(manifest: Omit<Manifest, 'exports' | 'bin' | 'dependencies'>): object {
  const { name, version, description, license, type, engines, files } = manifest
  const { peerDependencies, peerDependenciesMeta } = manifest
  const peers = peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }
  return { name, version, description, license, type, engines, files, ...peers }
}

function makeExecutable(file: string): void {
  const text = readFileSync(file, 'utf8')
  if (!text.startsWith('#!')) writeFileSync(file, shebang + text)
  chmodSync(file, 0o755)
}
