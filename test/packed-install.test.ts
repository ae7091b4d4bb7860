import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '..')
const bin = path.join(root, 'node_modules/.bin')
const run = promisify(execFile)
const READY_TIMEOUT_MS = 20_000
const INSTALL_TIMEOUT_MS = 240_000

/** What an app outside the repository would have: none of this repository's tools or settings. */
function outsideEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_(registry|cafile|cache))|PAWL_|DEMO_|NODE_|INIT_CWD)/.test(name),
  )
  const outerPath = (process.env.PATH ?? '').split(path.delimiter).filter((part) => part !== bin)
  return { ...Object.fromEntries(kept), PATH: outerPath.join(path.delimiter) }
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
  })
  return await promise
}

/** Builds and packs every package; returns name -> tarball. */
async function packAll(into: string): Promise<Readonly<Record<string, string>>> {
  await run(process.execPath, [path.join(root, 'scripts/build.ts')], { cwd: root }).catch(
    ({ stdout, stderr }) => assert.fail(`the build failed:\n${stdout}${stderr}`),
  )
  const built = path.join(root, 'build/packages')
  const folders = (await readdir(built)).map((name) => path.join(built, name))
  const args = ['pack', '--json', '--pack-destination', into, ...folders]
  const { stdout } = await run('npm', args, { cwd: into, env: outsideEnv() })
  const packed = JSON.parse(stdout) as { name: string; filename: string }[]
  return Object.fromEntries(packed.map(({ name, filename }) => [name, `file:${filename}`]))
}

/** A module that imports every entry point of every package, so that all types are looked at. */
async function everyEntry(): Promise<string> {
  const built = path.join(root, 'build/packages')
  const lines: string[] = []
  for (const folder of await readdir(built)) {
    const manifest = JSON.parse(await readFile(path.join(built, folder, 'package.json'), 'utf8'))
    for (const subpath of Object.keys(manifest.exports)) {
      if (subpath === './package.json') continue
      const specifier = path.posix.join(manifest.name, subpath)
      lines.push(`export * as entry${lines.length} from '${specifier}'`)
    }
  }
  assert.ok(lines.length >= 9, `${lines.length} entry points`)
  return lines.join('\n')
}

describe('the packages, packed and installed in an empty app outside the repository', () => {
  let app: string
  let coreUrl: string
  let core: ChildProcess

  before(async () => {
    app = await mkdtemp(path.join(tmpdir(), 'pawl-packed-'))
    const tarballs = await packAll(app)
    const dependencies = { ...tarballs, express: '^5.0.0', node: '24' }
    const devDependencies = { typescript: '6.0.3', '@types/node': '24', '@types/express': '^5.0.0' }
    const manifest = { name: 'app', private: true, type: 'module', dependencies, devDependencies }
    await writeFile(path.join(app, 'package.json'), JSON.stringify(manifest))
    await cp(path.join(import.meta.dirname, 'fixtures/packed-app'), app, { recursive: true })
    await writeFile(path.join(app, 'entries.ts'), await everyEntry())
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error']
    await run('npm', args, { cwd: app, env: outsideEnv(), timeout: INSTALL_TIMEOUT_MS })
  })

  after(async () => {
    // npx runs the service as a grandchild, so the whole group is told, and waited for.
    if (core?.pid !== undefined && core.exitCode === null) {
      process.kill(-core.pid, 'SIGTERM')
      await once(core, 'close')
    }
    await rm(app, { recursive: true, force: true })
  })

  const inApp = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    await run('npx', ['--no-install', command, ...args], {
      cwd: app,
      env: { ...outsideEnv(), ...env },
    })

  test('the Node of the app is plain Node 24', async () => {
    assert.match((await inApp('node', ['-v'])).stdout, /^v24\./)
  })

  test('every package of ours comes from its tarball', async () => {
    const lock = JSON.parse(await readFile(path.join(app, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string }>
    }
    const ours = Object.entries(lock.packages).filter(([place]) => place.includes('/@pawl/'))
    assert.ok(ours.length >= 9, `${ours.length} packages`)
    for (const [place, { resolved }] of ours) assert.match(resolved ?? '', /^file:/, place)
  })

  test('the published types hold in a strict app', async () => {
    const { stdout } = await inApp('tsc', ['-p', '.']).catch((error) => error)
    assert.equal(stdout, '')
  })

  test('npx pawl serve is ready, and a driver creates, refreshes and ends a session', async () => {
    const port = await freePort()
    coreUrl = `http://127.0.0.1:${port}`
    core = spawn('npx', ['--no-install', 'pawl', 'serve'], {
      cwd: app,
      env: { ...outsideEnv(), PAWL_PORT: String(port), PAWL_DATA_DIR: path.join(app, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    for (const stream of [core.stdout, core.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
    }
    const deadlineMs = performance.now() + READY_TIMEOUT_MS
    let ready = false
    while (!ready && performance.now() < deadlineMs && core.exitCode === null) {
      const answer = await fetch(`${coreUrl}/health/ready`).catch(() => undefined)
      ready = answer?.ok === true
      if (!ready) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.ok(ready, `the core is not ready; it said:\n${output}`)
    const { stdout } = await inApp('node', ['drive.js'], { CORE_URL: coreUrl })
    assert.equal(stdout.trim(), 'created, refreshed, ended')
  })
})
