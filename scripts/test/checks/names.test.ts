import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNames } from '../../checks/names.ts'

const judge = (file: string, text = '') => checkNames([{ file, text }]).map((one) => one.text)

test('names that say nothing are refused, as a file and as a folder', () => {
  for (const file of ['src/utils.ts', 'src/helpers/a.ts', 'src/key-manager.ts', 'src/base.ts']) {
    assert.match(judge(file)[0] ?? '', /does not say what is in it/, file)
  }
  assert.deepEqual(judge('src/database.ts'), [])
})

test('file names are kebab-case', () => {
  assert.deepEqual(judge('src/keyRing.ts'), ['not kebab-case'])
  assert.deepEqual(judge('packages/a/test/key-ring.test.ts'), [])
  assert.deepEqual(judge('.dependency-cruiser.mjs'), [])
})

test('an export of a package needs a docstring; other code does not', () => {
  const bare = 'export function f() {}\nexport const g = 1\nexport type { T } from "./t.ts"\n'
  assert.equal(judge('packages/a/src/a.ts', bare).length, 2)
  assert.deepEqual(judge('scripts/a.ts', bare), [])
  assert.deepEqual(judge('packages/a/src/a.ts', '/** Does f. */\nexport function f() {}\n'), [])
})

test('a type shares the docstring of the value of its name', () => {
  const pair = '/** A code. */\nexport const Code = {}\nexport type Code = string\n'
  assert.deepEqual(judge('packages/a/src/a.ts', pair), [])
})
