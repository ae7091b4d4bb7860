import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Subject } from '../subjects.ts'
import type { Launch } from './launch.ts'
import { ensureInstalled, runInstallStep } from './run-installer.ts'

/** The last release of each Node that an SDK of its time runs on. */
const RUNTIMES = { 18: '18.20.8', 22: '22.23.3' } as const
/** The Express that all these SDKs were written for. */
const EXPRESS = '4.22.3'

/** The app of a Node SDK: the SDK and Express in a folder of their own, on its own Node. */
export function installNode(subject: Subject): Launch {
  const sdkFolder = installPackages(subject.name, [
    `supertokens-node@${subject.version}`,
    `express@${EXPRESS}`,
  ])
  return {
    command: [
      runtimeOf(subject.runtime),
      path.resolve(import.meta.dirname, '../apps/node-app.mjs'),
    ],
    folder: sdkFolder,
    env: {},
    settings: { sdkFolder, major: subject.major },
  }
}

/** The registry has a Node for each platform, as a package without scripts. */
function runtimeOf(runtime: Subject['runtime']): string {
  if (runtime === 'own') return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  const folder = installPackages(`runtime-${runtime}`, [`${name}@${RUNTIMES[runtime]}`])
  return path.join(folder, 'node_modules', name, 'bin/node')
}

function installPackages(name: string, packages: readonly string[]): string {
  return ensureInstalled(name, packages.join(' '), (folder) => {
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
    runInstallStep({
      command: [
        ...['npm', 'install', ...packages],
        ...['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      ],
      folder,
      needs: 'npm and its registry',
    })
  })
}
