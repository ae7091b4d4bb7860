import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { arraysOf } from '../src/arrays.ts'

describe('the arrays of a batch', () => {
  it('are one a column, in the order of the rows', () => {
    const rows = [
      ['a', 1, null],
      ['b', 2, 'x'],
    ]
    assert.deepEqual(arraysOf(rows), ['{"a","b"}', '{1,2}', '{NULL,"x"}'])
  })

  it('keep apart what PostgreSQL would read as something else', () => {
    const rows = [['NULL'], [''], ['a,b'], ['{}'], ['say "no"'], ['back\\slash'], [' space ']]
    const text = '{"NULL","","a,b","{}","say \\"no\\"","back\\\\slash"," space "}'
    assert.deepEqual(arraysOf(rows), [text])
  })
})
