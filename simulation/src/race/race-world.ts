import type { Session } from '@pawl/core'
import type { Model, Sink } from '../explore/model.ts'
import { CALLS, type Call, nameOfCall, RACE_SESSION } from './calls.ts'
import { firstStep, type Ground, nextStep, type Step } from './process.ts'
import { rowOf } from './row-text.ts'
import { Sequential } from './sequential.ts'

/** One process and the call it serves. */
interface Process {
  /** Index into CALLS. */
  readonly call: number
  /** What it believes of the row; null before its first step. */
  readonly seen: Session | null
  readonly outcome: string | null
  /** Bit set of the calls that were over before this one began. */
  readonly after: number
}

/** A race: the row, and the processes at it. */
export interface Race {
  readonly session: Session
  readonly processes: readonly Process[]
}

/**
 * Every way in which some processes can serve drawn calls at the same time, and the check that each
 * result is the result of a sequential run: calls that were over before another began come first.
 */
export function raceWorld(ground: Ground, processes: number): Model<Race> {
  const sessions = new Interned<Session>((session) => rowOf(session))
  const outcomes = new Interned<string>((outcome) => outcome)
  const sequential = new Sequential(ground)
  return {
    initial: { session: RACE_SESSION, processes: [] },
    encode(race, out) {
      out[0] = sessions.indexOf(race.session)
      race.processes.forEach(({ call, seen, outcome, after }, index) => {
        const at = 1 + index * 4
        out[at] = call
        out[at + 1] = seen === null ? 255 : sessions.indexOf(seen)
        out[at + 2] = outcome === null ? 255 : outcomes.indexOf(outcome)
        out[at + 3] = after
      })
      const length = 1 + race.processes.length * 4
      out[length] = 255
      return length + 1
    },
    decode(bytes, offset) {
      const list: Process[] = []
      for (let at = offset + 1; bytes[at] !== 255; at += 4) {
        const [call, seen, outcome, after] = bytes.subarray(at, at + 4)
        list.push({
          call: call as number,
          seen: seen === 255 ? null : sessions.at(seen as number),
          outcome: outcome === 255 ? null : outcomes.at(outcome as number),
          after: after as number,
        })
      }
      return { session: sessions.at(bytes[offset] as number), processes: list }
    },
    moves(race, sink) {
      if (race.processes.length < processes) draw(race, sink)
      else if (race.processes.every(({ outcome }) => outcome !== null))
        judge(race, sequential, sink)
      else for (let index = 0; index < processes; index++) step({ ground, race, sink }, index)
    },
  }
}

/** Draws the next call; in order, since it does not matter which process serves which. */
function draw(race: Race, sink: Sink<Race>): void {
  for (let call = race.processes.at(-1)?.call ?? 0; call < CALLS.length; call++) {
    const drawn = { call, seen: null, outcome: null, after: 0 }
    const sentence = () => `Process ${race.processes.length + 1} is asked to ${nameOf(call)}`
    sink.go({ ...race, processes: [...race.processes, drawn] }, sentence)
  }
}

interface Turn {
  readonly ground: Ground
  readonly race: Race
  readonly sink: Sink<Race>
}

function step({ ground, race, sink }: Turn, index: number): void {
  const process = race.processes[index] as Process
  if (process.outcome !== null) return
  const call = CALLS[process.call] as Call
  const done: Step =
    process.seen === null
      ? firstStep(ground, race.session, call)
      : nextStep(ground, { session: race.session, seen: process.seen }, call)
  const moved: Process = {
    ...process,
    seen: done.outcome === null ? done.seen : RACE_SESSION,
    outcome: done.outcome,
    after: process.seen === null ? finished(race) : process.after,
  }
  const processes = race.processes.map((other, at) => (at === index ? moved : other))
  const doing = done.outcome ?? `reads the row, ${done.seen.curHash2} is current`
  sink.go({ session: done.session, processes }, () => `Process ${index + 1}: ${doing}`)
}

function judge({ session, processes }: Race, sequential: Sequential, sink: Sink<Race>): void {
  const calls = processes.map(({ call }) => call)
  const result = `${rowOf(session)} ${processes.map(({ outcome }) => outcome).join()}`
  const afters = processes.map(({ after }) => after)
  if (sequential.explains(calls, result, afters)) return
  sink.violate(() => `No sequential run ends like this: ${result}`)
}

function finished({ processes }: Race): number {
  return processes.reduce((set, { outcome }, i) => (outcome === null ? set : set | (1 << i)), 0)
}

function nameOf(call: number): string {
  return nameOfCall(CALLS[call] as Call)
}

/** Numbers values in the order they are first met. */
class Interned<T> {
  readonly #numbers = new Map<string, number>()
  readonly #values: T[] = []
  readonly #keyOf: (value: T) => string

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf
  }

  indexOf(value: T): number {
    const key = this.#keyOf(value)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#values.push(value) - 1
    if (number > 254) throw new Error('too many different values for a race')
    this.#numbers.set(key, number)
    return number
  }

  at(number: number): T {
    return this.#values[number] as T
  }
}
