import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSizes } from '../../checks/sizes.ts'

const lines = (count: number) => 'const x = 1\n'.repeat(count)
const body = (count: number) => `export function f() {\n${lines(count - 2)}}\n`
const judge = (file: string, text: string) => checkSizes([{ file, text }])

test('a file of more than 500 lines is refused, of more than 300 it is warned of', () => {
  assert.deepEqual(judge('packages/a/src/a.ts', lines(300)), [])
  assert.equal(judge('packages/a/src/a.ts', lines(301))[0]?.warning, true)
  assert.equal(judge('packages/a/src/a.ts', lines(501))[0]?.warning, undefined)
})

test('a test file may have 800 lines, a fixture as many as it has', () => {
  assert.deepEqual(judge('packages/a/test/a.test.ts', lines(800)), [])
  assert.equal(judge('packages/a/test/a.test.ts', lines(801)).length, 1)
  assert.deepEqual(judge('packages/a/test/fixtures/a.ts', lines(5000)), [])
})

test('a function of more than 70 lines is refused and named', () => {
  assert.deepEqual(judge('a.ts', body(70)), [])
  assert.match(judge('a.ts', body(71))[0]?.text ?? '', /^f has 71 lines/)
})

test('a chapter of a test file and what holds it may be long, a function may not', () => {
  const chapter = `describe('a', () => {\n${lines(100)}})\n`
  const holder = `export function describeAll() {\n${chapter}}\n`
  assert.deepEqual(judge('packages/a/src/suites/a.ts', holder), [])
  assert.deepEqual(judge('packages/a/test/a.test.ts', chapter), [])
  assert.equal(judge('packages/a/test/a.test.ts', body(71)).length, 1)
})

test('a fourth positional parameter is refused, save in an error handler of Express', () => {
  assert.equal(judge('a.ts', 'const f = (a, b, c, d) => 1\n').length, 1)
  assert.equal(judge('a.ts', 'interface A { f(a: 1, b: 1, c: 1, d: 1): void }\n').length, 1)
  assert.deepEqual(judge('a.ts', 'const f = (error, request, response, next) => 1\n'), [])
  assert.deepEqual(judge('packages/a/test/a.test.ts', 'property((a, b, c, d) => 1)\n'), [])
})

test('a line of more than 100 characters is refused unless it cannot be broken', () => {
  assert.equal(judge('a.ts', `// ${'x'.repeat(98)}\n`)[0]?.line, 1)
  assert.deepEqual(judge('a.ts', `// https://example.com/${'x'.repeat(98)}\n`), [])
  assert.deepEqual(judge('a.ts', `  return 'a sentence ${'x'.repeat(98)}'\n`), [])
  assert.deepEqual(judge('a.ts', ` * | a row ${'x'.repeat(98)} |\n`), [])
})
