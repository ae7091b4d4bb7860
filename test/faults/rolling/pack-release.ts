/**
 * Packs what a commit serves with, cores and driver, as a fixture that later builds are tested
 * beside: `node test/faults/rolling/pack-release.ts <commit>`. Types and comments are left out.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { OLD_RELEASE_FILE, RELEASE_PACKAGES } from './old-release.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

function run(program: string, args: readonly string[], input?: Buffer): Buffer {
  const options = { cwd: root, maxBuffer: OUTPUT_BYTES_MAX, ...(input && { input }) }
  const { status, stdout, stderr } = spawnSync(program, args, options)
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${stderr}`)
  return stdout
}

const [commit = 'HEAD'] = process.argv.slice(2)
const folder = mkdtempSync(path.join(tmpdir(), 'pawl-release-'))
const parts = RELEASE_PACKAGES.flatMap((name) => [
  `packages/${name}/package.json`,
  `packages/${name}/src`,
])
run('tar', ['-x', '-C', folder], run('git', ['archive', commit, ...parts]))
for (const file of globSync('packages/*/src/**/*.ts', { cwd: folder })) {
  const place = path.join(folder, file)
  const options = { loader: 'ts', minifyWhitespace: true, target: 'esnext' } as const
  writeFileSync(place, transformSync(readFileSync(place, 'utf8'), options).code)
}
const order = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
const packed = brotliCompressSync(run('tar', ['-c', ...order, '-C', folder, 'packages']))
writeFileSync(OLD_RELEASE_FILE, packed)
rmSync(folder, { recursive: true })
console.log(`${path.relative(root, OLD_RELEASE_FILE)}: ${commit}, ${packed.length} bytes`)
