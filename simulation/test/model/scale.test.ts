import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Scale } from '../../src/model/scale.ts'

test('distances up to the limit are kept, longer ones stay longer than the limit', () => {
  const limit = 6
  fc.assert(
    fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }), (values) => {
      const scale = new Scale(limit + 1)
      for (const value of values) scale.add(value)
      scale.seal()
      for (const a of values) {
        for (const b of values) {
          const [real, kept] = [a - b, scale.placeOf(a) - scale.placeOf(b)]
          if (Math.abs(real) <= limit) assert.equal(kept, real)
          else assert.ok(Math.abs(kept) > limit && Math.sign(kept) === Math.sign(real))
        }
      }
    }),
  )
})

test('a value that was not added has no place', () => {
  const scale = new Scale(3)
  scale.add(1)
  scale.seal()
  assert.throws(() => scale.placeOf(2))
})
