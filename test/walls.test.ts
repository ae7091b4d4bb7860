import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'

const root = path.resolve(import.meta.dirname, '..')
const cruiser = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')

/** A repository in which every wall is broken once: file -> [its text, the rule it breaks]. */
const sinners: Readonly<Record<string, readonly [string, string]>> = {
  'packages/core/src/domain/asks-a-port.ts': ["import '../ports/clock.ts'", 'wall-core-domain'],
  'packages/core/src/usecases/uses-node.ts': ["import 'node:crypto'", 'core-without-a-platform'],
  'packages/core/src/usecases/needs-a-library.ts': ["import 'valibot'", 'core-needs-nothing'],
  'packages/core/src/usecases/one.ts': ["import type { B } from './two.ts'", 'no-cycle'],
  'packages/protocol/src/knows-core.ts': ["import '@pawl/core'", 'wall-protocol'],
  'packages/node/src/knows-core.ts': ["import '@pawl/core'", 'wall-node'],
  'packages/node/src/sneaks-in.ts': [
    "import '../../protocol/src/index.ts'",
    'through-the-front-door',
  ],
  'packages/store-one/src/index.ts': ["import '@pawl/store-two'", 'one-store-knows-no-other'],
  'packages/store-kit/src/knows-a-store.ts': ["import '@pawl/store-two'", 'wall-store-kit'],
  'packages/client/src/uses-node.ts': ["import 'node:fs'", 'wire-without-a-platform'],
  'packages/client/src/lost.ts': ["import './nowhere.ts'", 'unresolvable'],
  'packages/web/src/knows-node.ts': ["import '@pawl/node'", 'wall-web'],
  'packages/embedded/src/tests.ts': ["import '../test/a.test.ts'", 'no-tests-in-source'],
  'packages/server/src/simulates.ts': [
    "import '../../../simulation/src/main.ts'",
    'imported-by-none',
  ],
  'packages/newcomer/src/index.ts': ["import '@pawl/protocol'", 'package-without-a-row'],
}

/** What the sinners need, and imports that are right. */
const saints: Readonly<Record<string, string>> = {
  'packages/protocol/src/index.ts': "import 'valibot'\n",
  'packages/core/src/index.ts': "import '@pawl/protocol'\nimport './domain/rule.ts'\n",
  'packages/core/src/domain/rule.ts': "import '@pawl/protocol'\n",
  'packages/core/src/ports/clock.ts': "import '../domain/rule.ts'\n",
  'packages/core/src/usecases/two.ts': "import type { A } from './one.ts'\n",
  'packages/store-kit/src/index.ts': "import '@pawl/core'\nimport 'node:fs'\n",
  'packages/store-two/src/index.ts': "import '@pawl/core'\nimport '@pawl/store-kit'\n",
  'packages/node/src/index.ts': "import '@pawl/protocol'\nimport 'node:http'\n",
  'packages/embedded/test/a.test.ts': "import '@pawl/store-two'\nimport '@pawl/core'\n",
  'simulation/src/main.ts': "import '@pawl/core'\nimport '@pawl/client'\n",
  'packages/client/src/index.ts': "import '@pawl/protocol'\n",
  'packages/server/src/index.ts': "import '@pawl/store-two'\nimport '@pawl/core'\n",
}

let world: string

before(async () => {
  world = await mkdtemp(path.join(tmpdir(), 'pawl-walls-'))
  const files = { ...saints }
  for (const [file, [text]] of Object.entries(sinners)) files[file] = `${text}\n`
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.join(world, path.dirname(file)), { recursive: true })
    await writeFile(path.join(world, file), text)
  }
  await mkdir(path.join(world, 'node_modules/@pawl'), { recursive: true })
  for (const name of new Set(Object.keys(files).map((file) => file.split('/')[1] ?? ''))) {
    if (!(`packages/${name}/src/index.ts` in files)) continue
    const manifest = { name: `@pawl/${name}`, type: 'module', exports: './src/index.ts' }
    await writeFile(path.join(world, `packages/${name}/package.json`), JSON.stringify(manifest))
    await symlink(`../../packages/${name}`, path.join(world, 'node_modules/@pawl', name))
  }
  for (const name of ['typescript', 'valibot']) {
    await symlink(path.join(root, 'node_modules', name), path.join(world, 'node_modules', name))
  }
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json']) {
    await cp(path.join(root, file), path.join(world, file))
  }
})

after(async () => await rm(world, { recursive: true, force: true }))

test('every wall refuses the import that breaks it, and lets the others pass', async () => {
  const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json']
  const run = spawnSync(process.execPath, [cruiser, ...args, 'packages', 'simulation'], {
    cwd: world,
    encoding: 'utf8',
  })
  assert.equal(run.stderr, '')
  const { summary } = JSON.parse(run.stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] }
  }
  const found = summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`)
  for (const [file, [, rule]] of Object.entries(sinners)) {
    assert.ok(found.includes(`${rule}: ${file}`), `${file} breaks ${rule}; found ${found}`)
  }
  const innocent = found.filter((one) => Object.keys(saints).some((file) => one.endsWith(file)))
  assert.deepEqual(
    innocent.filter((one) => !one.startsWith('no-cycle')),
    [],
  )
})
