import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl, type Fault } from '@pawl/node'
import { browser, REFRESH } from '../support/browser.ts'
import { openEmbedded } from '../support/core-under-test.ts'

/** What the operator is told when a user with this much in the claims logs in and refreshes. */
async function toldOf(characters: number, publicClaims: 'all' | []): Promise<readonly Fault[]> {
  const under = await openEmbedded()
  const faults: Fault[] = []
  const pawl = createPawl({
    ...{ core: under.core, clock: under.clock.nowMs, publicClaims, revocationFeed: false },
    onFault: (fault) => faults.push(fault),
  })
  const front = browser(pawl)
  const claims = { about: 'x'.repeat(characters) }
  try {
    for (const userId of ['ada', 'bob']) {
      const { headers } = await pawl.createSession(front.request('POST', '/log-in'), {
        ...{ userId, claims },
      })
      front.keep(headers)
      const { headers: refreshed } = await front.call(REFRESH)
      const bytes = [...headers].reduce((sum, [, value]) => sum + value.length, 0)
      if (faults.length === 0) assert.ok(bytes < 4_400)
      assert.equal(refreshed.getSetCookie().length, 2)
    }
  } finally {
    await pawl.close()
    await under.close()
  }
  return faults
}

test('headers of a grant that a proxy may not hold are told of, once', async () => {
  assert.deepEqual(await toldOf(100, 'all'), [])
  const [fault, ...more] = await toldOf(1_800, 'all')
  assert.equal(fault?.where, 'headers')
  assert.match(fault.message, /take [45]\d{3} bytes .*proxy_buffer_size/)
  assert.deepEqual(more, [])
})
