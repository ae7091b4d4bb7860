import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const guide = path.resolve(import.meta.dirname, '../../../../docs/guide/write-a-store.md')
const example = import.meta.dirname

/** Blocks that say which file they are from. */
const quotes = [
  ...readFileSync(guide, 'utf8').matchAll(/^```ts\n\/\/ example\/(\S+)\n([^`]*?)\n```$/gm),
]

test('what the guide shows of the example store is what its files say', () => {
  for (const [, file = '', code = ''] of quotes) {
    const text = readFileSync(path.join(example, file), 'utf8')
    assert.ok(text.includes(code), `the guide quotes ${file} wrongly:\n${code}`)
  }
})

test('the guide shows something of every file but the documents', () => {
  const quoted = new Set(quotes.map(([, file]) => file))
  const files = readdirSync(example).filter((file) => file !== path.basename(import.meta.filename))
  assert.deepEqual(files.filter((file) => !quoted.has(file)).sort(), ['documents.ts'])
})
