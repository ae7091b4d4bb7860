import { DEFAULT_BASE_PATH, FRONTEND_PATHS } from '@pawl/protocol/frontend'
import type { CallCredentials, Engine, EngineOptions } from './engine.ts'
import type { Answer, EngineEffect, EngineEvent, EngineState, WantResult } from './engine-state.ts'
import type { EnginePorts } from './ports.ts'
import { sendTask } from './send-task.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import { defaultSettings, type EngineSettings } from './settings.ts'
import { decodeRecord, encodeRecord, mergeRecords, type SharedRecord } from './shared-record.ts'
import { initialState, step } from './step.ts'
import { viewOf } from './view-of.ts'

/** An event without what the engine adds to it: the time, chance, and the shared record. */
type Happening = EngineEvent extends infer E
  ? E extends EngineEvent
    ? Omit<E, 'nowMs' | 'random' | 'record'>
    : never
  : never

/** Starts an engine: it interprets the effects of the pure transition function over the ports. */
export function createEngine(ports: EnginePorts, options: EngineOptions): Engine {
  return new PortsEngine(ports, options)
}

class PortsEngine implements Engine {
  readonly settings: EngineSettings
  readonly #ports: EnginePorts
  readonly #base: string
  readonly #waiters = new Map<number, (result: WantResult) => void>()
  readonly #listeners = new Set<(event: SessionEvent) => void>()
  readonly #queue: Happening[] = []
  readonly #stops: readonly (() => void)[]
  #state: EngineState
  #view: SessionState
  /** What another tab said on the channel last: the storage may lag behind it. */
  #heard: SharedRecord | undefined
  #running = false
  #closed = false
  #lastId = 0
  #cancelAlarm = () => {}
  #releaseLock = () => {}

  constructor(ports: EnginePorts, { apiOrigin, basePath, ...options }: EngineOptions) {
    this.settings = { ...defaultSettings, ...options }
    this.#ports = ports
    this.#base = `${apiOrigin}${basePath ?? DEFAULT_BASE_PATH}`
    this.#state = initialState(this.settings, ports.randomName())
    this.#view = viewOf(this.#state)
    const { storage, channel, life } = ports
    this.#stops = [
      storage.subscribe(() => this.#dispatch({ kind: 'noticed' })),
      channel.subscribe((text) => this.#hear(text)),
      life.subscribe(({ online }) => {
        this.#dispatch({ kind: 'woke', visible: life.isVisible(), online })
      }),
    ]
    this.#dispatch({ kind: 'started', visible: life.isVisible() })
  }

  get = (): SessionState => this.#view

  nowMs(): number {
    return this.#ports.clock.nowMs()
  }

  async prepareCall(): Promise<CallCredentials> {
    await this.#ask((id) => ({ kind: 'call-asked', id }))
    const { known, tokens } = this.#state.record
    const header = known.kind === 'active' ? known.header : undefined
    return { handle: header?.handle, grant: header?.grant, accessToken: tokens?.access }
  }

  observe(answer: Answer): void {
    this.#dispatch({ kind: 'answered', answer })
  }

  recoverCall(code: string, grant: string | undefined): Promise<WantResult> {
    return this.#ask((id) => ({ kind: 'call-refused', id, code, grant }))
  }

  refresh(): Promise<WantResult> {
    return this.#ask((id) => ({ kind: 'refresh-asked', id }))
  }

  settle(): Promise<WantResult> {
    return this.#ask((id) => ({ kind: 'state-asked', id }))
  }

  signOut(): Promise<WantResult> {
    return this.#ask((id) => ({ kind: 'sign-out-asked', id }))
  }

  subscribe(listener: (event: SessionEvent) => void): () => void {
    const own = (event: SessionEvent) => listener(event)
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelAlarm()
    this.#releaseLock()
    for (const stop of this.#stops) stop()
    for (const resolve of this.#waiters.values()) resolve('trouble')
    this.#waiters.clear()
    this.#listeners.clear()
  }

  #ask(happening: (id: number) => Happening): Promise<WantResult> {
    if (this.#closed) return Promise.resolve('trouble')
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      this.#waiters.set(id, resolve)
      this.#dispatch(happening(id))
    })
  }

  /** One event after the other: what an effect sets off waits until all effects are done. */
  #dispatch(happening: Happening): void {
    if (this.#closed) return
    this.#queue.push(happening)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#take(next)
      }
    } finally {
      this.#running = false
    }
  }

  #take(happening: Happening): void {
    const { clock, random } = this.#ports
    const around = { nowMs: clock.nowMs(), random: random(), record: this.#readRecord() }
    const { state, effects } = step(this.#state, { ...happening, ...around } as EngineEvent)
    this.#state = state
    const seen = viewOf(state)
    if (JSON.stringify(seen) !== JSON.stringify(this.#view)) this.#view = seen
    for (const effect of effects) this.#run(effect)
  }

  #run(effect: EngineEffect): void {
    switch (effect.kind) {
      case 'write-record':
        this.#share(effect.record)
        break
      case 'take-lock':
        void this.#takeLock()
        break
      case 'release-lock':
        this.#releaseLock()
        break
      case 'send-refresh':
        void this.#send(FRONTEND_PATHS.refresh, effect.refreshToken)
        break
      case 'send-sign-out':
        void this.#send(FRONTEND_PATHS.signOut, effect.refreshToken)
        break
      case 'settle':
        this.#waiters.get(effect.id)?.(effect.result)
        this.#waiters.delete(effect.id)
        break
      case 'set-alarm':
        this.#setAlarm(effect.atMs)
        break
      case 'emit':
        this.#emit(effect.event)
        break
      default:
        effect satisfies never
    }
  }

  #readRecord(): SharedRecord | undefined {
    const stored = decodeRecord(this.#ports.storage.read())
    return this.#heard === undefined ? stored : mergeRecords(this.#heard, stored)
  }

  #hear(text: string): void {
    this.#heard = decodeRecord(text) ?? this.#heard
    this.#dispatch({ kind: 'noticed' })
  }

  #share(record: SharedRecord): void {
    const text = encodeRecord(record)
    this.#ports.storage.write(text)
    // Tokens are in the storage only; then the message just says: look there.
    this.#ports.channel.post(this.settings.credentials === 'held' ? '' : text)
  }

  async #takeLock(): Promise<void> {
    const body = () =>
      new Promise<void>((resolve) => {
        this.#releaseLock = resolve
        if (this.#closed) resolve()
        this.#dispatch({ kind: 'lock-held' })
      })
    const waitMs = this.settings.raceWindowMs / 2
    const got = await this.#ports.lock.hold(waitMs, body).catch(() => 'missed')
    if (got === 'missed') this.#dispatch({ kind: 'lock-missed' })
  }

  async #send(path: string, refreshToken: string | undefined): Promise<void> {
    const { known } = this.#state.record
    const handle = known.kind === 'active' ? known.header.handle : undefined
    const request = { url: `${this.#base}${path}`, handle, refreshToken }
    this.#dispatch(await sendTask(this.#ports, this.settings, request))
  }

  #setAlarm(atMs: number | undefined): void {
    this.#cancelAlarm()
    this.#cancelAlarm = () => {}
    if (atMs === undefined) return
    const delayMs = Math.max(0, atMs - this.nowMs())
    this.#cancelAlarm = this.#ports.clock.after(delayMs, () => this.#dispatch({ kind: 'alarm' }))
  }

  #emit(event: SessionEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        // The app's fault must not stop the engine, nor go unseen.
        this.#ports.clock.after(0, () => {
          throw error
        })
      }
    }
  }
}
