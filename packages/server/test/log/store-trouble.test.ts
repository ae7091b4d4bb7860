import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '@pawl/core'
import { storeTroubleTeller } from '../../src/log/store-trouble.ts'

test('an outage has one line of each kind every ten seconds, with the rest counted', () => {
  const lines: object[] = []
  let nowMs = 0
  const trouble = (_: string, __: unknown, facts: object = {}) => void lines.push(facts)
  const tell = storeTroubleTeller({ trouble }, () => nowMs)
  for (let index = 0; index < 100; index++) tell(new StoreError('timeout', 'no answer'))
  tell(new StoreError('unavailable', 'refused'))
  assert.deepEqual(lines, [
    { kind: 'timeout', unsaid: 0 },
    { kind: 'unavailable', unsaid: 0 },
  ])
  nowMs = 10_000
  tell(new StoreError('timeout', 'no answer'))
  assert.deepEqual(lines[2], { kind: 'timeout', unsaid: 99 })
})
