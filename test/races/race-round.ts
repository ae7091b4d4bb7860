import type {
  AppId,
  RevocationEntry,
  Session,
  SessionHandle,
  SessionKey,
  Store,
  TenantId,
} from '@pawl/core'
import type { Family, RacedCall, RaceEvent } from './calls.ts'
import type { RoundPlan } from './plan-round.ts'
import { makeCall, type RaceCore } from './race-core.ts'
import type { TokenFacts } from './race-model.ts'
import type { RaceProcesses } from './race-processes.ts'
import { stageFamily } from './stage-family.ts'

/** A round that was raced: all there is to explain. */
export interface RacedRound {
  readonly family: Family
  readonly tokens: readonly TokenFacts[]
  readonly before: Session
  readonly after: Session
  readonly calls: readonly RacedCall[]
  readonly events: readonly RaceEvent[]
  readonly log: readonly RevocationEntry[]
}

/** What a round is raced with. */
export interface RaceTrack {
  readonly store: Store
  /** A core on the store, in this process, that sets rounds up. */
  readonly stage: RaceCore
  readonly processes: RaceProcesses
}

/**
 * Sets a round up, races it, and looks at what it left. Its times begin at `startMs`, which has to
 * be later than all of the round before: a core's clock never goes back.
 */
export async function raceRound(
  track: RaceTrack,
  plan: RoundPlan,
  startMs: number,
): Promise<RacedRound> {
  const { store, stage, processes } = track
  const staged = await stageFamily(stage, { mood: plan.mood, startMs })
  const { family, tokens, raceAtMs } = staged
  const key = keyOf(family.handle)
  const before = await findRow(store, key)
  const cursor = await store.revocationsEnd()
  const orders = plan.calls.map((calls, index) => {
    return { family, calls, nowMs: raceAtMs + (plan.skewsMs[index] ?? 0) }
  })
  const reports = await processes.race(orders)
  const after = await findRow(store, key)
  const { entries } = await store.revocationsAfter(cursor, 100)
  return {
    family,
    tokens,
    before,
    after,
    calls: reports.flatMap(({ answers }, process) => {
      const order = orders[process]
      return answers.flatMap((timed, index) => {
        const call = order?.calls[index]
        return call === undefined ? [] : [{ ...timed, call, process, nowMs: order?.nowMs ?? 0 }]
      })
    }),
    events: reports.flatMap(({ events }) => events),
    log: entries,
  }
}

/** What a round is done again with: a store, and a core on it for each of the processes. */
export interface ReplayTrack {
  readonly store: Store
  readonly cores: readonly RaceCore[]
}

/** Does the calls one after the other on a store of its own, and looks at what that left. */
export async function replayRound(
  { store, cores }: ReplayTrack,
  round: RacedRound,
  order: readonly RacedCall[],
): Promise<RacedRound> {
  const key = keyOf(round.family.handle)
  await store.insert(round.before, null)
  const cursor = await store.revocationsEnd()
  for (const core of cores) core.takeEvents()
  const calls: RacedCall[] = []
  for (const raced of order) {
    const core = cores[raced.process]
    if (core === undefined) throw new Error(`there is no process ${raced.process}`)
    core.setTime(raced.nowMs)
    const call = { ...raced.call, nowMs: raced.nowMs }
    calls.push({ ...raced, answer: await makeCall(core.core, round.family, call) })
  }
  const after = await findRow(store, key)
  const { entries } = await store.revocationsAfter(cursor, 100)
  const events = cores.flatMap((core) => core.takeEvents())
  return { ...round, after, calls, events, log: entries }
}

function keyOf(handle: string): SessionKey {
  const app = 'default' as AppId
  return { app, tenant: 'default' as TenantId, handle: handle as SessionHandle }
}

async function findRow(store: Store, key: SessionKey): Promise<Session> {
  const row = await store.find(key)
  if (row === undefined) throw new Error('the row of the race is gone')
  return row
}
