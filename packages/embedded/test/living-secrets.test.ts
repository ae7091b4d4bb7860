import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore } from '../src/embed-core.ts'
import { openLivingRing } from '../src/living-secrets.ts'
import { generateSecret, openSecretRing } from '../src/master-secret.ts'

const [old, fresh, foreign] = [generateSecret(), generateSecret(), generateSecret()]
const idOf = (secret: string) => openSecretRing([secret]).sealing.id

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

/** A ring over secrets that change, and what became of it. */
function livingRing() {
  const state = { secrets: [old], reads: 0, elapsedMs: 0, troubles: [] as unknown[] }
  const source = () => {
    state.reads += 1
    return state.secrets
  }
  const ring = openLivingRing(source, {
    onTrouble: (error) => void state.troubles.push(error),
    elapsedMs: () => state.elapsedMs,
  })
  return { ring, state }
}

describe('the secrets of a core that goes on', () => {
  it('are read again when an unknown one is named, but not all the time', () => {
    const { ring, state } = livingRing()
    assert.equal(ring.find(idOf(foreign)), undefined)
    assert.equal(state.reads, 2)
    state.secrets = [fresh, old]
    assert.equal(ring.find(idOf(fresh)), undefined)
    state.elapsedMs = 100
    assert.equal(ring.find(idOf(old))?.id, idOf(old))
    assert.equal(state.reads, 2)
    assert.equal(ring.find(idOf(fresh))?.id, idOf(fresh))
    assert.equal(ring.sealing.id, idOf(fresh))
    assert.deepEqual(
      ring.all.map(({ id }) => id),
      [idOf(fresh), idOf(old)],
    )
    for (let time = 0; time < 100; time++) assert.equal(ring.find(idOf(foreign)), undefined)
    assert.equal(state.reads, 3)
  })

  it('never become fewer while it runs, and stay when they cannot be read', () => {
    const { ring, state } = livingRing()
    state.secrets = [fresh, old]
    assert.ok(ring.find(idOf(fresh)))
    state.elapsedMs = 1_000
    state.secrets = [fresh]
    assert.equal(ring.find(idOf(foreign)), undefined)
    assert.ok(ring.find(idOf(old)))
    state.secrets = []
    for (const elapsedMs of [2_000, 3_000]) {
      state.elapsedMs = elapsedMs
      assert.equal(ring.find(idOf(foreign)), undefined)
    }
    assert.equal(state.troubles.length, 1)
    assert.equal(ring.sealing.id, idOf(fresh))
  })

  it('are not those of another store that were put there by mistake', () => {
    const { ring, state } = livingRing()
    state.secrets = [foreign]
    assert.equal(ring.find(idOf(foreign)), undefined)
    assert.match(String(state.troubles), /none of them is known/)
    state.elapsedMs = 1_000
    state.secrets = [fresh, old]
    assert.equal(ring.find(idOf(fresh))?.id, idOf(fresh))
    assert.equal(ring.sealing.id, idOf(fresh))
  })

  it('open what a core seals that was started with a new one', async () => {
    for (const accessKind of ['jwt', 'opaque'] as const) {
      const store = memoryStore()
      let secrets = [old]
      const shared = { store, settings: { accessKind }, closesStore: false }
      const running = await embedCore({ ...shared, secret: () => secrets })
      secrets = [fresh, old]
      const started = await embedCore({ ...shared, secret: () => secrets })
      const grant = valueIn(await started.createSession({ userId: 'ada' }))
      const accessToken = grant.accessToken.token
      assert.equal((await running.verifySession({ accessToken })).kind, 'ok')
      const refreshToken = grant.refreshToken.token
      assert.equal((await running.refreshSession({ refreshTokens: [refreshToken] })).kind, 'ok')
      await running.close()
      await started.close()
    }
  })
})
