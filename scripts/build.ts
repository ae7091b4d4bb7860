/**
 * `npm run build [-- name…]`: builds every published package into `build/packages/<name>`, ready
 * for `npm pack`, and judges its shape with publint. In the repository itself sources run as they
 * are; only what leaves it is built.
 */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { emit } from './building/emit.ts'
import { writePublishFiles } from './building/publish.ts'
import { listWorkspaces, type Workspace } from './building/workspace.ts'
import { root } from './checks/source-files.ts'

async function build(workspace: Workspace, all: readonly Workspace[]): Promise<boolean> {
  rmSync(workspace.buildDir, { recursive: true, force: true })
  mkdirSync(workspace.buildDir, { recursive: true })
  const complaints = emit(workspace, all)
  const { name } = workspace.manifest
  if (complaints !== undefined) {
    console.error(`✖ ${name}\n${complaints}`)
    return false
  }
  writePublishFiles(workspace)
  const { messages, pkg } = await publint({ pkgDir: workspace.buildDir, strict: true })
  const said = messages.map((message) => `  ${formatMessage(message, pkg, { color: false })}`)
  console.log([`${messages.length === 0 ? '✔' : '✖'} ${name}`, ...said].join('\n'))
  return messages.length === 0
}

const all = listWorkspaces()
let failed = 0
for (const workspace of all) if (!(await build(workspace, all))) failed += 1
const built = `${all.length - failed} of ${all.length} packages built`
console.log(`${built} in ${path.relative(process.cwd(), path.join(root, 'build/packages'))}`)
process.exitCode = failed === 0 ? 0 : 1
