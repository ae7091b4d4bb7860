import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function run(...args: string[]): { readonly code: number | null; readonly output: string } {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  return { code: status, output: stdout }
}

test('one world is explored, told and judged by the exit code', () => {
  const { code, output } = run('--world', 'confirm-on-use')
  assert.equal(code, 0)
  assert.match(output, /found +confirm-on-use/)
  assert.match(output, /1\. A server render starts to refresh with R0/)
})

test('a bound that hides the fault of a wrong rule is a failure', () => {
  const { code, output } = run('--world', 'convergent', '--bound', '2')
  assert.equal(code, 1)
  assert.match(output, /MISSED convergent/)
})

test('an unknown world is refused with the list of worlds', () => {
  const { code, output } = run('--world', 'nowhere')
  assert.equal(code, 2)
  assert.match(output, /serialized-crash/)
})
