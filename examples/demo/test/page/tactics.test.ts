import assert from 'node:assert/strict'
import test from 'node:test'
import { CYCLES_MAX, type Move, playTactic, tactics } from '../../src/page/tactics.ts'

const tactic = (id: string) => {
  const found = tactics.find((one) => one.id === id)
  assert.ok(found)
  return found
}

async function played(id: string, moves: number): Promise<readonly Move[]> {
  const made: Move[] = []
  await playTactic(
    tactic(id),
    async (move) => made.push(move) < moves,
    async () => true,
  )
  return made
}

test('going first, the thief refreshes before the browser does', async () => {
  assert.deepEqual(await played('first', 4), ['thief', 'read', 'you', 'thief'])
})

test('coming late, the thief waits until the browser has moved on', async () => {
  assert.deepEqual(await played('late', 4), ['you', 'you', 'you', 'thief'])
})

test('in lock-step, the thief follows each refresh of the browser', async () => {
  assert.deepEqual(await played('lock-step', 5), ['you', 'thief', 'read', 'you', 'thief'])
})

test('staying silent, the thief never reads anything', async () => {
  assert.equal((await played('silent', 10)).includes('read'), false)
})

test('a tactic ends with the first refusal, on request, and in any case', async () => {
  assert.equal((await played('first', 1)).length, 1)
  let breaths = 0
  await playTactic(
    tactic('first'),
    async () => true,
    async () => ++breaths < 2,
  )
  assert.equal(breaths, 2)
  assert.equal((await played('lock-step', Number.POSITIVE_INFINITY)).length, 3 * CYCLES_MAX)
})
