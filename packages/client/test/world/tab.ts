import type { Answer, Happening } from '../../src/engine-state.ts'
import type {
  EngineEffect,
  EngineSettings,
  EngineState,
  SessionEvent,
  SessionState,
  WantResult,
} from '../../src/index.ts'
import { initialState, step } from '../../src/index.ts'
import { decodeRecord, encodeRecord } from '../../src/shared-record.ts'
import { raceWindowOf } from '../../src/steps/record-steps.ts'
import { viewOf } from '../../src/view-of.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A request of a tab. */
export interface Call {
  readonly route: 'refresh' | 'sign-out' | 'log-in' | 'read'
  readonly userId?: string
  readonly refreshToken?: string | undefined
  readonly accessToken?: string | undefined
}

/** Who waits for its answer. */
export interface Recipient {
  readonly answered: (answer: Answer) => void
  readonly failed: (cause: 'network' | 'timeout') => void
  /** The session known when it was sent. */
  readonly handle: string | undefined
  /** Then nobody listens any more, but the request may still arrive. */
  readonly abortAfterMs?: number
}

/** The world, as a tab sees it. */
export interface TabHost {
  readonly time: VirtualTime
  readonly settings: EngineSettings
  readonly storage: string | null
  write(text: string, by: Tab): void
  takeLock(tab: Tab): void
  releaseLock(tab: Tab): void
  send(call: Call, recipient: Recipient): void
  forget(tab: Tab): void
}

/** How a call of the app ended; `stale`: its token expired once more while it was repeated. */
export type CallResult = 'pending' | 'ok' | 'refused' | 'stale' | 'trouble' | 'network'

/** Codes that a refresh can heal, as the session's fetch knows them. */
const healable = ['no_session', 'access_token_expired', 'access_token_invalid', 'refresh_first']

/** One tab: the pure engine, its effects done in the simulated world. */
export class Tab {
  state: EngineState
  readonly events: SessionEvent[] = []
  readonly #world: TabHost
  readonly #waiters = new Map<number, (result: WantResult) => void>()
  #alive = true
  #lastId = 0
  #cancelAlarm = () => {}

  constructor(world: TabHost, name: string, visible: boolean) {
    this.#world = world
    this.state = { ...initialState(world.settings, name), visible }
  }

  get view(): SessionState {
    return viewOf(this.state)
  }

  kindsOf(kind: SessionEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length
  }

  dispatch(happening: Happening): void {
    if (!this.#alive) return
    const { time, storage } = this.#world
    const record = decodeRecord(storage)
    const moment = { nowMs: time.nowMs, random: time.random(), record }
    const { state, effects } = step(this.state, { ...happening, ...moment })
    this.state = state
    for (const effect of effects) this.#perform(effect)
  }

  /** Asks, and hands the result on. */
  ask(
    kind: 'call-asked' | 'refresh-asked' | 'state-asked' | 'sign-out-asked',
    then: (result: WantResult) => void = () => {},
  ): void {
    this.#lastId += 1
    this.#waiters.set(this.#lastId, then)
    this.dispatch({ kind, id: this.#lastId })
  }

  /** A call of the app as the session's fetch makes it: repeated once after a refresh. */
  call(call: Call = { route: 'read' }): { result: CallResult } {
    const outcome: { result: CallResult } = { result: 'pending' }
    const attempt = (isLast: boolean) =>
      this.ask('call-asked', () => {
        const { known, tokens } = this.state.record
        const header = known.kind === 'active' ? known.header : undefined
        this.#world.send(
          { ...call, accessToken: tokens?.access },
          {
            handle: header?.handle,
            failed: () => {
              outcome.result = 'network'
            },
            answered: (answer) => {
              this.dispatch({ kind: 'answered', answer })
              const heals = answer.status === 401 && healable.includes(answer.code ?? '')
              if (heals && isLast) outcome.result = 'stale'
              else if (!heals) outcome.result = resultOf(answer.status)
              else recover(answer, header?.grant)
            },
          },
        )
      })
    const recover = (answer: Answer, grant: string | undefined) => {
      this.#lastId += 1
      this.#waiters.set(this.#lastId, (result) => {
        if (result === 'done') attempt(true)
        else outcome.result = result === 'none' ? 'refused' : 'trouble'
      })
      this.dispatch({ kind: 'call-refused', id: this.#lastId, code: answer.code ?? '', grant })
    }
    attempt(false)
    return outcome
  }

  show(visible: boolean): void {
    this.dispatch({ kind: 'woke', visible, online: false })
  }

  /** The tab is gone; what it sent is still on its way. */
  kill(): void {
    this.#alive = false
    this.#cancelAlarm()
    this.#world.releaseLock(this)
    this.#world.forget(this)
  }

  #perform(effect: EngineEffect): unknown {
    const world = this.#world
    switch (effect.kind) {
      case 'write-record':
        return world.write(encodeRecord(effect.record), this)
      case 'take-lock':
        return world.takeLock(this)
      case 'release-lock':
        return world.releaseLock(this)
      case 'send': {
        const route = effect.route === 'refresh' ? 'refresh' : 'sign-out'
        return this.#send({ route, refreshToken: effect.refreshToken })
      }
      case 'settle': {
        const waiter = this.#waiters.get(effect.id)
        if (waiter === undefined) throw new Error(`want ${effect.id} was settled twice`)
        this.#waiters.delete(effect.id)
        // As a promise would: after all effects.
        world.time.after(0, () => {
          if (this.#alive) waiter(effect.result)
        })
        return
      }
      case 'set-alarm': {
        this.#cancelAlarm()
        this.#cancelAlarm = () => {}
        if (effect.atMs === undefined) return
        const delayMs = effect.atMs - world.time.nowMs
        this.#cancelAlarm = world.time.after(delayMs, () => this.dispatch({ kind: 'alarm' }))
        return
      }
      case 'emit':
        this.events.push(effect.event)
        return
      default:
        return effect satisfies never
    }
  }

  #send(call: Call): void {
    const { known } = this.state.record
    this.#world.send(call, {
      handle: known.kind === 'active' ? known.header.handle : undefined,
      abortAfterMs: raceWindowOf(this.state) / 3,
      answered: (answer) => this.dispatch({ kind: 'task-answered', answer }),
      failed: (cause) => this.dispatch({ kind: 'task-failed', cause }),
    })
  }
}

function resultOf(status: number): CallResult {
  return status === 200 ? 'ok' : status === 401 ? 'refused' : 'trouble'
}
