import assert from 'node:assert/strict'
import test from 'node:test'
import { shownJson } from '../../src/commands/shown-json.ts'

test('what a visitor sent steers no terminal, and is still the same JSON', () => {
  const device = { agent: 'a\u001b[2J\u009b31m\u007f\u202eb', name: 'Zoë 😀' }
  const shown = shownJson(device)
  assert.equal(shown, '{"agent":"a\\u001b[2J\\u009b31m\\u007f\\u202eb","name":"Zoë 😀"}')
  assert.deepEqual(JSON.parse(shown), device)
})
