import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PAGE_LIMIT_MAX, type Session } from '@pawl/core'
import {
  cutPage,
  keyCursor,
  pageSize,
  readKeyCursor,
  readNumberCursor,
  readSessionCursor,
  sessionPage,
} from '@pawl/store-kit'

describe('a page', () => {
  it('is as long as asked for, and never longer than the port allows', () => {
    assert.equal(pageSize(7), 7)
    assert.equal(pageSize(PAGE_LIMIT_MAX + 1), PAGE_LIMIT_MAX)
  })

  it('has a last row to go on from only if more were found than it shows', () => {
    assert.deepEqual(cutPage(['a', 'b'], 2), { rows: ['a', 'b'], last: undefined })
    assert.deepEqual(cutPage(['a', 'b', 'c'], 2), { rows: ['a', 'b'], last: 'b' })
    assert.deepEqual(cutPage([], 2), { rows: [], last: undefined })
  })

  it('of sessions goes on after the last one that it shows', () => {
    const found = ['first_-1', 'second'].map((handle, index) => ({
      handle,
      createdAtMs: index - 1,
    }))
    const { sessions, next } = sessionPage(found as unknown as Session[], 1)
    assert.deepEqual(sessions, found.slice(0, 1))
    assert.deepEqual(readSessionCursor(next), [-1, 'first_-1'])
    assert.equal(sessionPage(found as unknown as Session[], 2).next, null)
  })
})

describe('a cursor', () => {
  it('of a key comes back as the words that it was made of', () => {
    const words = ['', 'a "b"', 'ü:😀\n']
    assert.deepEqual(readKeyCursor(keyCursor(words)), words)
    assert.equal(keyCursor(undefined), null)
  })

  it('that is none reads from the start', () => {
    const nothing = [null, '', '{}', '["a","b"]', '["a","b",3]', '["a","b","\\ud800"]', 'a,b,c']
    for (const text of nothing) assert.equal(readKeyCursor(text), undefined)
    for (const text of [null, '', 'x', '-1', '1.5', '1e3', '1234567890123456']) {
      assert.equal(readNumberCursor(text), 0)
    }
    for (const text of [null, '', '1.', '.a', '1.a b', '1.a\0', '9999999999999999.a', 'x.a']) {
      assert.equal(readSessionCursor(text), undefined)
    }
    assert.equal(readNumberCursor('123456789012345'), 123456789012345)
  })
})
