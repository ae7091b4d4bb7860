import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PairOptions, runPair } from './run-pair.ts'
import { SUBJECTS } from './subjects.ts'

/** The newest Node SDK only; `npm run test:compat` plays all of them. */
const subject = SUBJECTS.findLast(({ kind }) => kind === 'node')

async function playAll(options: Omit<PairOptions, 'subject'>): Promise<void> {
  assert.ok(subject)
  const { outcomes } = await runPair({ subject, ...options })
  const stories = outcomes.filter(({ kind }) => kind === 'failed').map(({ story }) => story)
  assert.deepEqual(stories, [], stories.join('\n\n'))
  assert.ok(outcomes.length > 0)
}

test('the newest Node SDK of SuperTokens works, unmodified, on our core', async () => {
  await playAll({ rule: 'ours' })
})

test('it works with the strict rule, too', async () => {
  await playAll({ rule: 'strict', columns: ['refresh', 'lost', 'theft', 'checkDatabase', 'csrf'] })
})
