/**
 * The one door into this repository: `node scripts/bootstrap.mjs <task> [args]`.
 *
 * It runs on any Node from 20 on, so that a fresh clone works on a machine that has nothing but
 * Node and npm: it installs the dependencies when they are missing or differ from
 * package-lock.json, makes sure that the Node they bring is the one this project runs on, and
 * hands over to the task. Plain JavaScript, because an older Node cannot strip types.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NODE_MAJOR = 26
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const modulesDir = path.join(root, 'node_modules')
const binDir = path.join(modulesDir, '.bin')
const nodeFile = path.join(binDir, process.platform === 'win32' ? 'node.cmd' : 'node')
const stampFile = path.join(modulesDir, '.pawl-lock-hash')

/** Task name -> the script that carries it out, relative to the root. */
const tasks = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  check: 'scripts/check.ts',
  build: 'scripts/build.ts',
  reference: 'scripts/write-reference.ts',
  sim: 'simulation/src/main.ts',
  compat: 'test/compat/main.ts',
  bench: 'bench/src/main.ts',
}

function fail(sentence) {
  process.stderr.write(`pawl: ${sentence}\n`)
  process.exit(1)
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** PATH without this repository's own bin folder: npm must not run on a Node it is replacing. */
function outerPath() {
  const parts = (process.env.PATH ?? '').split(path.delimiter)
  return parts.filter((part) => path.resolve(part) !== binDir).join(path.delimiter)
}

function run(command, args, cwd) {
  const env = { ...process.env, PATH: outerPath() }
  const options = { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] }
  return spawnSync(command, args, { ...options, shell: process.platform === 'win32' }).status === 0
}

/** True when what npm last installed is, package by package, what the lock file asks for. */
function installedAsLocked(lockText) {
  const installedText = readText(path.join(modulesDir, '.package-lock.json'))
  if (installedText === undefined) return false
  const installed = JSON.parse(installedText).packages
  return Object.entries(JSON.parse(lockText).packages).every(([place, wanted]) => {
    if (!place.includes('node_modules/')) return true
    const found = installed[place]
    if (found === undefined) return wanted.optional === true
    return found.version === wanted.version && Boolean(found.link) === Boolean(wanted.link)
  })
}

function hasRightNode() {
  if (!existsSync(nodeFile)) return false
  const shell = process.platform === 'win32'
  const answer = spawnSync(nodeFile, ['-v'], { encoding: 'utf8', shell })
  return answer.status === 0 && answer.stdout.startsWith(`v${NODE_MAJOR}.`)
}

/** The `node` package fetches its binary in an install script; run it if npm did not. */
function ensureRightNode() {
  if (hasRightNode()) return
  run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], root)
  if (hasRightNode()) return
  fail(
    `the npm package "node" did not bring Node ${NODE_MAJOR}: run "npm rebuild node" ` +
      '(install scripts must be allowed for it), then try again.',
  )
}

function ensureInstalled() {
  const lockText = readText(path.join(root, 'package-lock.json'))
  if (lockText === undefined) fail('package-lock.json is missing: this is not a whole clone.')
  const lockHash = createHash('sha256').update(lockText).digest('hex')
  if (readText(stampFile) === lockHash && existsSync(nodeFile)) return
  if (!installedAsLocked(lockText)) {
    process.stderr.write('pawl: installing dependencies (about a minute, only when they change)\n')
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    if (!run('npm', args, root)) fail('"npm ci" failed; its own words are above.')
  }
  ensureRightNode()
  writeFileSync(stampFile, lockHash)
}

/** Hands over inside this process when it already is the right Node, else in a child of it. */
async function handOver(script, args) {
  const onPath = (process.env.PATH ?? '').split(path.delimiter)
  if (onPath[0] !== binDir) process.env.PATH = [binDir, outerPath()].join(path.delimiter)
  if (process.versions.node.startsWith(`${NODE_MAJOR}.`)) {
    process.argv = [process.argv[0], script, ...args]
    await import(pathToFileURL(script).href)
    return
  }
  const shell = process.platform === 'win32'
  const child = spawn(nodeFile, [script, ...args], { stdio: 'inherit', env: process.env, shell })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`could not run ${nodeFile}: ${error.message}`))
  child.on('exit', (code) => process.exit(code ?? 1))
}

const [task, ...args] = process.argv.slice(2)
if (task === undefined || !Object.hasOwn(tasks, task)) {
  fail(`usage: node scripts/bootstrap.mjs <${Object.keys(tasks).join('|')}> [arguments]`)
}
ensureInstalled()
await handOver(path.join(root, tasks[task]), args)
