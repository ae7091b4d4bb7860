import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { quote, textOf } from '../src/values.ts'

describe('a quoted value', () => {
  it('is a literal of bytes that nothing in the text can end', () => {
    assert.equal(quote('plain'), "_binary'plain'")
    assert.equal(quote("o'neil"), "_binary'o\\'neil'")
    assert.equal(quote("\\' OR 1=1; --"), "_binary'\\\\\\' OR 1=1; --'")
    assert.equal(quote('nul\0 \x1a \n "é😀"'), `_binary'nul\\0 \\Z \\n \\"é😀\\"'`)
  })

  it('is a whole number or NULL as it is', () => {
    assert.equal(quote(null), 'NULL')
    assert.equal(quote(-(2 ** 52)), '-4503599627370496')
    assert.equal(quote(0), '0')
  })

  it('is refused where the engine could not hold it exactly', () => {
    for (const value of ['\ud800', 'a\udc00b', 0.5, Number.NaN, Infinity, 2 ** 53]) {
      assert.throws(() => quote(value))
    }
  })

  it('comes back as the text that it was', () => {
    assert.equal(textOf(Buffer.from('é😀')), 'é😀')
    assert.equal(textOf(7), 7)
    assert.equal(textOf(undefined), null)
  })
})
