import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Subject } from '../subjects.ts'
import type { Launch } from './launch.ts'
import { CACHE_DIR, ensureInstalled, runInstallStep } from './run-installer.ts'

const source = path.resolve(import.meta.dirname, '../apps/go/main.go')

/** The program with the Go SDK, built. */
export function installGo(subject: Subject): Launch {
  const module = [
    'module compat',
    'go 1.22',
    `require github.com/supertokens/supertokens-golang v${subject.version}`,
  ].join('\n\n')
  const recipe = `${module}\n\n${readFileSync(source, 'utf8')}`
  const folder = ensureInstalled('go', recipe, (into) => {
    copyFileSync(source, path.join(into, 'main.go'))
    writeFileSync(path.join(into, 'go.mod'), `${module}\n`)
    runInstallStep({
      command: ['go', 'build', '-mod=mod', '-o', 'app', '.'],
      folder: into,
      env: {
        GOPATH: path.join(CACHE_DIR, 'go-path'),
        GOCACHE: path.join(CACHE_DIR, 'go-build'),
        // Without it the modules could not be removed by an ordinary rm.
        GOFLAGS: '-modcacherw',
      },
      needs: 'Go 1.22 or later, and its module proxy',
    })
  })
  return { command: [path.join(folder, 'app')], folder, env: {}, settings: {} }
}
