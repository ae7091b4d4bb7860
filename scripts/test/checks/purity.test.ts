import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPurity } from '../../checks/purity.ts'

const judge = (text: string, file = 'packages/core/src/domain/a.ts') =>
  checkPurity([{ file, text }]).map((one) => one.text.replace(/^.*name /, ''))

test('the domain may not name time, chance, the platform or waiting', () => {
  const cases: Readonly<Record<string, string>> = {
    'const t = Date.now()': 'Date',
    'const r = Math.random()': 'Math.random',
    'const p = process.env.X': 'process',
    'const c = crypto.randomUUID()': 'crypto',
    'const f = fetch("/")': 'fetch',
    'const g = async () => 1': 'async',
    'import { hash } from "node:crypto"': 'node:crypto',
  }
  for (const [text, said] of Object.entries(cases)) assert.ok(judge(text).includes(said), text)
})

test('comments, strings and members of our own may say these words', () => {
  assert.deepEqual(judge('// Date, async, crypto\nconst s = "process"\n'), [])
  assert.deepEqual(judge('const r = row.process\ninterface R { fetch: 1 }\n'), [])
})

test('only the domain is judged', () => {
  assert.deepEqual(judge('const t = Date.now()', 'packages/core/src/usecases/a.ts'), [])
})
