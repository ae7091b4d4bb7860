import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explore } from '../../src/explore/explore.ts'
import { type Model, TICK } from '../../src/explore/model.ts'
import { tell } from '../../src/explore/story.ts'

/** Two jugs of 3 and 5 litres; the world breaks when one of them holds exactly 4. */
interface Jugs {
  readonly small: number
  readonly large: number
}

const jugs: Model<Jugs> = {
  initial: { small: 0, large: 0 },
  encode({ small, large }, out) {
    out[0] = small
    out[1] = large
    return 2
  },
  decode: (bytes, offset) => ({
    small: bytes[offset] as number,
    large: bytes[offset + 1] as number,
  }),
  moves({ small, large }, sink) {
    if (large === 4) {
      sink.violate(() => 'The large jug holds four')
      return
    }
    sink.go({ small: 3, large }, () => 'Fill the small jug')
    sink.go({ small, large: 5 }, () => 'Fill the large jug')
    sink.go({ small: 0, large }, () => 'Empty the small jug')
    sink.go({ small, large: 0 }, TICK)
    const toLarge = Math.min(small, 5 - large)
    sink.go({ small: small - toLarge, large: large + toLarge }, () => 'Pour into the large jug')
    const toSmall = Math.min(large, 3 - small)
    sink.go({ small: small + toSmall, large: large - toSmall }, () => 'Pour into the small jug')
  },
}

const unbreakable: Model<Jugs> = {
  ...jugs,
  moves: (state, sink) => jugs.moves({ ...state }, { go: sink.go, violate() {} }),
}

test('the first broken invariant is met on a shortest run', () => {
  const seen = explore(jugs)
  assert.equal(seen.moves, 6)
  assert.equal(seen.exhausted, false)
  assert.equal(seen.violation?.path.length, 7)
})

test('a story numbers the moves of that run and ends with the breaking one', () => {
  const { violation } = explore(jugs)
  assert.ok(violation)
  const story = tell(jugs, violation, () => 'The large jug is emptied')
  assert.deepEqual(story, [
    '1. Fill the large jug',
    '2. Pour into the small jug',
    '3. Empty the small jug',
    '4. Pour into the small jug',
    '5. Fill the large jug',
    '6. Pour into the small jug',
    '7. The large jug holds four',
  ])
})

test('an exploration without bounds ends when nothing is new, and says so', () => {
  const seen = explore(unbreakable)
  assert.equal(seen.exhausted, true)
  assert.equal(seen.violation, null)
  assert.ok(seen.states < 24)
  assert.ok(seen.transitions > seen.states)
})

test('an exploration bounded in moves looks no further', () => {
  const seen = explore(unbreakable, { movesMax: 1 })
  assert.deepEqual([seen.states, seen.moves, seen.exhausted], [3, 1, false])
})

test('an exploration bounded in states stops there and claims only the runs it has looked at', () => {
  const seen = explore(unbreakable, { statesMax: 4 })
  assert.ok(seen.states >= 4)
  assert.equal(seen.exhausted, false)
  assert.equal(seen.moves, 1)
})
