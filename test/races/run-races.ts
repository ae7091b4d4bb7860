import assert from 'node:assert/strict'
import type { Store } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { seeded } from '../hostile/random.ts'
import { findOrder } from './find-order.ts'
import { planRound } from './plan-round.ts'
import { openRaceCore, type RaceCore } from './race-core.ts'
import { startProcesses } from './race-processes.ts'
import { type RacedRound, type ReplayTrack, raceRound, replayRound } from './race-round.ts'

/** From the begin of a round to that of the next, on the clocks of the cores: 20 minutes. */
const ROUND_SPACING_MS = 1_200_000

/** What to race, and how hard. */
export interface RaceOptions {
  /** URL of a module that exports `openStore(place: string): Promise<Store>`. */
  readonly openStoreModule: string
  /** Where the database is; given to `openStore` in every process. */
  readonly place: string
  /** Default 100. */
  readonly rounds?: number
  /** Processes at once. Default 4. */
  readonly processes?: number
  /** Calls of each process in a round. Default 200. */
  readonly calls?: number
  /** What the rounds are made from. Default 1. */
  readonly seed?: number
}

/** What the races have shown. */
export interface RaceTally {
  readonly calls: number
  /** Calls answered `unavailable`: they kept losing against others, and did nothing. */
  readonly undecided: number
  /** Rounds whose session was ended, by reason. */
  readonly ended: { readonly [reason: string]: number }
  /** Answers by kind: the row of the rule that granted, or the code of the refusal. */
  readonly answers: { readonly [kind: string]: number }
}

/**
 * Races real cores in several processes on one store, round after round, and proves of each round
 * that its answers, its events, its log entries and the row it left are those of the same calls
 * made one after the other. Throws on the first round that cannot be explained.
 *
 * The proof of a round is an order: found by a search over the rule's own functions, and then made
 * to happen, call by call, by the real use cases on the memory store. Whatever the search believes,
 * only what that run gives counts: a round that passes is right, and a fault of the search could at
 * most fail a round that was right. The order keeps real time, so that a read that was out of date,
 * or a grant after an acknowledged revocation, fails too. A call answered `unavailable` has to have
 * done nothing: it is no part of the order.
 */
export async function runRaces(options: RaceOptions): Promise<RaceTally> {
  const { openStoreModule, place, rounds = 100, processes = 4, calls = 200, seed = 1 } = options
  const { openStore } = (await import(openStoreModule)) as {
    readonly openStore: (place: string) => Promise<Store>
  }
  const store = await openStore(place)
  const stage = await openRaceCore(store)
  const replay = await openReplay(processes)
  const others = await startProcesses({ count: processes, openStoreModule, place })
  const chance = seeded(seed)
  const tally = { calls: 0, undecided: 0, ended: {}, answers: {} }
  let startMs = Date.now()
  try {
    for (let round = 0; round < rounds; round += 1) {
      startMs += ROUND_SPACING_MS
      const plan = planRound(() => chance.below(2 ** 32) / 2 ** 32, { processes, calls })
      const raced = await raceRound({ store, stage, processes: others }, plan, startMs)
      try {
        await explain(replay, raced)
      } catch (cause) {
        throw new Error(`round ${round} of seed ${seed}, ${plan.mood}: ${cause}`, { cause })
      }
      count(tally, raced)
    }
  } finally {
    await others.end()
    await stage.core.close()
    for (const { core } of replay.cores) await core.close()
  }
  return tally
}

/** A memory store with a core for each process: each has its own clock, which never goes back. */
async function openReplay(processes: number): Promise<ReplayTrack> {
  const store = memoryStore()
  const cores: RaceCore[] = []
  while (cores.length < processes) cores.push(await openRaceCore(store))
  return { store, cores }
}

/** Throws unless the calls of a round, one after the other, give what the round gave. */
async function explain(replay: ReplayTrack, round: RacedRound): Promise<void> {
  const calls = round.calls.filter(({ answer }) => answer.code !== 'unavailable')
  const order = findOrder({ ...round, calls })
  assert.ok(order, 'no order of the calls explains their answers')
  const replayed = await replayRound(replay, round, order)
  for (const [index, { call, answer }] of replayed.calls.entries()) {
    assert.deepEqual(answer, order[index]?.answer, `call ${index}: ${JSON.stringify(call)}`)
  }
  assert.deepEqual(replayed.after, round.after)
  assert.deepEqual(replayed.log, round.log)
  assert.deepEqual(replayed.events.toSorted(), round.events.toSorted())
}

function count(
  tally: {
    calls: number
    undecided: number
    ended: { [reason: string]: number }
    answers: { [kind: string]: number }
  },
  { calls, after }: RacedRound,
): void {
  tally.calls += calls.length
  if (after.endReason !== null) {
    tally.ended[after.endReason] = (tally.ended[after.endReason] ?? 0) + 1
  }
  for (const { call, answer } of calls) {
    if (answer.code === 'unavailable') tally.undecided += 1
    const kind = String(answer.rule ?? answer.code ?? call.kind)
    tally.answers[kind] = (tally.answers[kind] ?? 0) + 1
  }
}
