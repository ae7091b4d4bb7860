import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checksumOf, joinToken, splitToken } from '../src/token-text.ts'

describe('the text of a token', () => {
  it('ends with the CRC-32 of what stands before it, in 6 base-62 digits', () => {
    // CRC-32 of "123456789" is 0xCBF43926, the check value of the algorithm.
    assert.equal(checksumOf('123456789'), '3jZRME')
    assert.equal(checksumOf(''), '000000')
  })

  it('gives back the parts it was made of', () => {
    const parts = { id: 'abc', payload: 'x_y-z' }
    assert.deepEqual(splitToken('pawl_rt1', joinToken('pawl_rt1', parts)), parts)
  })

  it('is refused with another prefix, another checksum or a part too few', () => {
    const token = joinToken('pawl_rt1', { id: 'a', payload: 'b' })
    assert.equal(splitToken('pawl_at1', token), undefined)
    assert.equal(splitToken('pawl_rt', token), undefined)
    assert.equal(splitToken('pawl_rt1', `${token.slice(0, -1)}~`), undefined)
    assert.equal(splitToken('pawl_rt1', `pawl_rt1.b.${checksumOf('pawl_rt1.b')}`), undefined)
    assert.equal(splitToken('pawl_rt1', ''), undefined)
  })
})
