import assert from 'node:assert/strict'
import test from 'node:test'
import type { DemoFact, Place } from '../../src/demo-event.ts'
import { layOut } from '../../src/page/lineage-layout.ts'
import { emptyStory, NODES_MAX, type Story, tell } from '../../src/page/story.ts'
import { theftSentence } from '../../src/page/words.ts'

const place = (id: string, parent: string | null, generation: number): Place => ({
  id,
  parent,
  generation,
})

function storyOf(...facts: readonly DemoFact[]): Story {
  return facts.reduce<Story>(
    (story, fact, index) => tell(story, { seq: index + 1, atMs: 0, ...fact }),
    emptyStory,
  )
}

const created: DemoFact = { kind: 'created', userId: 'Ada', place: place('r', null, 0) }
const granted = (
  to: 'you' | 'thief',
  row: 'current' | 'advance' | 'converge' | 'late' | 'heal',
  at: Place,
): DemoFact => ({ kind: 'granted', to, row, place: at })

const lanes = (story: Story) =>
  Object.fromEntries(layOut(story.nodes).map(({ node, lane }) => [node.id, lane]))

test('a refresh with the current token grows the tree and moves no marker', () => {
  const story = storyOf(created, granted('you', 'current', place('a', 'r', 1)))
  assert.equal(story.cur, 'r')
  assert.equal(story.prev, null)
  assert.equal(story.held.you, 'a')
})

test('a refresh with the child makes it current and its parent previous', () => {
  const story = storyOf(
    created,
    granted('you', 'current', place('a', 'r', 1)),
    granted('you', 'advance', place('b', 'a', 2)),
  )
  assert.deepEqual([story.prev, story.cur, story.held.you], ['r', 'a', 'b'])
})

test('an honest race ends on the branch that is followed', () => {
  const story = storyOf(
    created,
    granted('you', 'current', place('a', 'r', 1)),
    granted('you', 'current', place('b', 'r', 1)),
    granted('you', 'advance', place('c', 'a', 2)),
    granted('you', 'converge', place('d', 'b', 2)),
  )
  assert.deepEqual([story.prev, story.cur], ['r', 'b'])
})

test('the markers find their place again after something that no event told', () => {
  const story = storyOf(
    created,
    granted('you', 'current', place('a', 'r', 1)),
    granted('you', 'current', place('b', 'a', 2)),
    granted('thief', 'late', place('t', 'r', 1)),
  )
  assert.deepEqual([story.prev, story.cur], ['r', 'a'])
})

test('a lost answer leaves the browser with the token before it', () => {
  const story = storyOf(created, granted('you', 'current', place('a', 'r', 1)), {
    kind: 'lost',
    id: 'a',
  })
  assert.equal(story.held.you, 'r')
  assert.equal(story.nodes[1]?.owner, 'nobody')
})

test('an access token expired by hand counts as such until the browser gets a new one', () => {
  const expired = storyOf(created, { kind: 'expired' })
  assert.equal(expired.expired, true)
  const event = { seq: 3, atMs: 0 }
  const byThief = tell(expired, {
    ...event,
    kind: 'granted',
    to: 'thief',
    row: 'current',
    place: place('t', 'r', 1),
  })
  assert.equal(byThief.expired, true)
  const byYou = tell(byThief, {
    ...event,
    kind: 'granted',
    to: 'you',
    row: 'current',
    place: place('a', 'r', 1),
  })
  assert.equal(byYou.expired, false)
})

test('the thief’s branch runs below, a lost answer above, yours straight on', () => {
  const story = storyOf(
    created,
    granted('you', 'current', place('lost', 'r', 1)),
    { kind: 'lost', id: 'lost' },
    granted('you', 'current', place('a', 'r', 1)),
    { kind: 'stolen', id: 'a' },
    granted('thief', 'advance', place('t', 'a', 2)),
    granted('you', 'current', place('b', 'a', 2)),
    granted('thief', 'advance', place('u', 't', 3)),
  )
  assert.deepEqual(lanes(story), { r: 0, lost: -1, a: 0, t: 1, b: 0, u: 1 })
})

test('no two tokens share a spot, however the thief branches', () => {
  const story = storyOf(
    created,
    granted('thief', 'current', place('t1', 'r', 1)),
    granted('thief', 'current', place('t2', 'r', 1)),
    granted('thief', 'current', place('t3', 'r', 1)),
    granted('you', 'current', place('a', 'r', 1)),
    granted('you', 'current', place('b', 'r', 1)),
    granted('thief', 'advance', place('t4', 't2', 2)),
  )
  const spots = layOut(story.nodes).map(({ column, lane }) => `${column}:${lane}`)
  assert.equal(new Set(spots).size, spots.length)
})

test('a long story keeps the newest tokens only', () => {
  const grants = Array.from({ length: NODES_MAX * 2 }, (_, index) =>
    granted('you', 'advance', place(`n${index}`, index === 0 ? 'r' : `n${index - 1}`, index + 1)),
  )
  const story = storyOf(created, ...grants)
  assert.equal(story.nodes.length, NODES_MAX)
  assert.equal(layOut(story.nodes)[0]?.column, 0)
})

test('the end names who showed what, and whose branch the session had gone on along', () => {
  const story = storyOf(
    created,
    { kind: 'stolen', id: 'r' },
    granted('thief', 'current', place('t', 'r', 1)),
    granted('you', 'current', place('a', 'r', 1)),
    granted('you', 'advance', place('b', 'a', 2)),
    granted('you', 'advance', place('c', 'b', 3)),
    { kind: 'theft', by: 'thief', presented: 't' },
    { kind: 'ended', reason: 'theft' },
  )
  assert.equal(story.ended, 'theft')
  assert.match(theftSentence(story), /^The thief showed the token of generation 1,/)
  assert.match(theftSentence(story), /along your branch/)
})
