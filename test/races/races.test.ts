import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type RaceOptions, runRaces } from './run-races.ts'

const ROUNDS = Number(process.env.PAWL_RACE_ROUNDS ?? 100)

function raceOn(context: TestContext, store: string, options: Partial<RaceOptions>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-races-'))
  context.after(() => rmSync(folder, { recursive: true, maxRetries: 3 }))
  const file = path.join(import.meta.dirname, 'stores', `${store}.ts`)
  const place = path.join(folder, 'pawl.db')
  return runRaces({ openStoreModule: pathToFileURL(file).href, place, ...options })
}

describe('four cores in four processes on one SQLite file', () => {
  it('give what the same calls give in some order, one after the other', async (t) => {
    const startedAtMs = performance.now()
    const tally = await raceOn(t, 'sqlite', { rounds: ROUNDS })
    const seconds = Math.round((performance.now() - startedAtMs) / 1000)
    t.diagnostic(`${ROUNDS} rounds in ${seconds} s: ${JSON.stringify(tally)}`)
    assert.equal(tally.calls, ROUNDS * 4 * 200)
    assert.ok(tally.undecided < tally.calls / 100)
    for (const kind of ['current', 'advance', 'converge', 'late', 'session_ended', 'claims']) {
      assert.ok((tally.answers[kind] ?? 0) > 0, `no answer was ${kind}`)
    }
  })
})

describe('the races find out a store', () => {
  const few = { rounds: 12, processes: 3, calls: 60 }
  for (const store of ['sqlite-without-swap', 'sqlite-with-lost-claims']) {
    it(store.replace('sqlite-', '').replaceAll('-', ' '), async (t) => {
      await assert.rejects(raceOn(t, store, few), /no order of the calls|was given up/)
    })
  }
})
