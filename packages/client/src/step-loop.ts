import type { EngineEffect, EngineState, Happening, WantResult } from './engine-state.ts'
import type { EnginePorts } from './ports.ts'
import type { EngineSettings } from './settings.ts'
import { decodeRecord, mergeRecords, type SharedRecord } from './shared-record.ts'
import { initialState, step } from './step.ts'

/** Something that somebody waits for. */
type Question = Happening extends infer H
  ? H extends { readonly id: number }
    ? Omit<H, 'id'>
    : never
  : never

/** The state of one tab, and the way to change it. */
export interface StepLoop {
  state(): EngineState
  dispatch(happening: Happening): void
  /** Dispatches, and waits until the want that it begets is settled. Never rejects. */
  ask(question: Question): Promise<WantResult>
  /** Takes note of what another tab said on the channel: the storage may lag behind it. */
  hear(text: string): void
  /** From now on nothing is begun any more; what waits is settled with `trouble`. */
  close(): void
}

/**
 * Runs the transition function: one event after the other. What an effect sets off waits until
 * all effects of its step are done.
 */
export function createStepLoop(
  { storage, clock, random, randomName }: EnginePorts,
  settings: EngineSettings,
  perform: (effect: Exclude<EngineEffect, { readonly kind: 'settle' }>) => void,
): StepLoop {
  const queue: Happening[] = []
  const waiters = new Map<number, (result: WantResult) => void>()
  let state = initialState(settings, randomName())
  let heard: SharedRecord | undefined
  let busy = false
  let closed = false
  let lastId = 0

  const take = (happening: Happening) => {
    const stored = decodeRecord(storage.read())
    const record = heard === undefined ? stored : mergeRecords(heard, stored)
    const around = { nowMs: clock.nowMs(), random: random(), record }
    const taken = step(state, { ...happening, ...around })
    state = taken.state
    for (const effect of taken.effects) {
      if (effect.kind === 'settle') settle(effect)
      else perform(effect)
    }
  }
  const settle = ({ id, result }: { readonly id: number; readonly result: WantResult }) => {
    waiters.get(id)?.(result)
    waiters.delete(id)
  }
  const dispatch = (happening: Happening) => {
    // The end of what was under way still counts: new tokens may have come with it.
    if (!closed || happening.kind.startsWith('task-')) queue.push(happening)
    if (busy) return
    busy = true
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) take(next)
    } finally {
      busy = false
    }
  }
  return {
    state: () => state,
    dispatch,
    ask: (question) =>
      new Promise((resolve) => {
        if (closed) return resolve('trouble')
        lastId += 1
        waiters.set(lastId, resolve)
        dispatch({ ...question, id: lastId } as Happening)
      }),
    hear: (text) => {
      heard = decodeRecord(text) ?? heard
      dispatch({ kind: 'noticed' })
    },
    close: () => {
      closed = true
      state = { ...state, wants: [], probing: false, visible: false }
      for (const id of [...waiters.keys()]) settle({ id, result: 'trouble' })
    },
  }
}
