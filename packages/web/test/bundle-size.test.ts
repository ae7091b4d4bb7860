import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const MAX_BYTES = 8 * 1024

async function gzippedBytes(entry: string, format: 'esm' | 'iife'): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve(entry))],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: 'es2022',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

describe('the bundle', () => {
  const bundles = [
    ['@pawl/web', 'esm'],
    ['@pawl/web/global', 'iife'],
  ] as const
  for (const [entry, format] of bundles) {
    it(`of ${entry} is small (${format})`, async () => {
      const bytes = await gzippedBytes(entry, format)
      console.log(`${entry}: ${bytes} bytes with gzip, as ${format}`)
      assert.ok(bytes <= MAX_BYTES, `${bytes} bytes; the most is ${MAX_BYTES}`)
    })
  }
})
