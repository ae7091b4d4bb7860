import assert from 'node:assert/strict'
import test from 'node:test'
import { makeSessionLog } from '../../src/api/session-log.ts'
import type { DemoEvent } from '../../src/demo-event.ts'

test('who watches late is told what went before, then all that is new, in order', () => {
  const log = makeSessionLog(() => 7)
  log.add('h', { kind: 'expired' })
  log.add('h', { kind: 'armed' })
  const seen: DemoEvent[] = []
  const stop = log.watch('h', 1, (event) => seen.push(event))
  log.add('h', { kind: 'called', by: 'you' })
  log.add('other', { kind: 'armed' })
  stop()
  log.add('h', { kind: 'armed' })
  assert.deepEqual(seen, [
    { seq: 2, atMs: 7, kind: 'armed' },
    { seq: 3, atMs: 7, kind: 'called', by: 'you' },
  ])
})

test('the log is bounded: the oldest events of a session go first', () => {
  const log = makeSessionLog(() => 0)
  for (let index = 0; index < 1000; index++) log.add('h', { kind: 'armed' })
  const seen: number[] = []
  log.watch('h', 0, (event) => seen.push(event.seq))
  assert.equal(seen.length, 400)
  assert.equal(seen.at(-1), 1000)
})
