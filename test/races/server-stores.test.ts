import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { isChosen, useEngine } from '../engines/index.ts'
import { runRaces } from './run-races.ts'

/** `PAWL_RACE_ROUNDS=100` is the full run; `npm test` runs enough to meet every answer. */
const ROUNDS = Number(process.env.PAWL_RACE_ROUNDS ?? 4)

/** Engines that a file of `stores` opens by their URL. */
const engines = (['postgres', 'redis', 'mariadb', 'mongodb'] as const).filter(isChosen)

for (const name of engines) {
  describe(`four cores in four processes on one ${name} server`, () => {
    it('give what the same calls give in some order, one after the other', async (t) => {
      const engine = await useEngine(name)
      t.after(() => engine.stop())
      const startedAtMs = performance.now()
      const file = path.join(import.meta.dirname, 'stores', `${name}.ts`)
      const openStoreModule = pathToFileURL(file).href
      const tally = await runRaces({ openStoreModule, place: engine.url, rounds: ROUNDS })
      const seconds = Math.round((performance.now() - startedAtMs) / 1000)
      t.diagnostic(`${ROUNDS} rounds in ${seconds} s: ${JSON.stringify(tally)}`)
      assert.equal(tally.calls, ROUNDS * 4 * 200)
      assert.ok(tally.undecided < tally.calls / 100)
      for (const kind of ['current', 'advance', 'converge', 'late', 'session_ended', 'claims']) {
        assert.ok((tally.answers[kind] ?? 0) > 0, `no answer was ${kind}`)
      }
    })
  })
}
