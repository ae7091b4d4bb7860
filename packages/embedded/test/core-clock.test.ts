import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EpochMs } from '@pawl/core'
import type { Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore } from '../src/embed-core.ts'
import { generateSecret } from '../src/master-secret.ts'

const DAY_MS = 86_400_000

const codeOf = (outcome: Outcome<unknown>): string => (outcome.kind === 'ok' ? 'ok' : outcome.code)

test('a core that is 15 days ahead of its store ends no session, deletes nothing and says so', async (t) => {
  const secret = generateSecret()
  const store = memoryStore()
  const right = await embedCore({ store, secret })
  const made = await right.createSession({ userId: 'ada' })
  assert.equal(made.kind, 'ok')
  const { accessToken, refreshToken, session } = made.value
  const troubles: string[] = []
  const clockMs = async () => (Date.now() - 15 * DAY_MS) as EpochMs
  const wrong = await embedCore({
    ...{ store: { ...store, clockMs }, secret, closesStore: false },
    onTrouble: (error) => troubles.push(String(error)),
  })
  t.after(async () => {
    await wrong.close()
    await right.close()
  })
  assert.match(wrong.clockFault() ?? '', /1296000 s ahead of the clock of the store/)
  assert.match(troubles.join(), /what needs the time is refused/)
  const answers = [
    await wrong.refreshSession({ refreshTokens: [refreshToken.token] }),
    await wrong.verifySession({ accessToken: accessToken.token, checkStore: true }),
    await wrong.createSession({ userId: 'bob' }),
    await wrong.revokeSessions({ userId: 'ada' }),
    await wrong.listRevocations({}),
    await wrong.putTenant({ name: 'acme' }),
  ]
  assert.deepEqual(new Set(answers.map(codeOf)), new Set(['unavailable']))
  assert.equal(await wrong.sweep(), 0)
  assert.equal(codeOf(await wrong.getKeys({})), 'ok')
  assert.equal(right.clockFault(), null)
  const refreshed = await right.refreshSession({ refreshTokens: [refreshToken.token] })
  assert.equal(refreshed.kind === 'ok' && refreshed.value.session.handle, session.handle)
})
