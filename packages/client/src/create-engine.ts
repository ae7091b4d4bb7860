import type { Engine, EngineOptions } from './engine.ts'
import type { EngineEffect } from './engine-state.ts'
import type { EnginePorts } from './ports.ts'
import { sendTask, transportHeader } from './send-task.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import { encodeRecord } from './shared-record.ts'
import { createStepLoop, type StepLoop } from './step-loop.ts'
import { headerOf, raceWindowOf } from './steps/record-steps.ts'

/** Starts an engine: it interprets the effects of the pure transition function over the ports. */
export function createEngine(ports: EnginePorts, settings: EngineOptions): Engine {
  const { storage, channel, life, clock } = ports
  const listeners = new Set<(event: SessionEvent) => void>()
  let view: SessionState = { kind: 'unknown' }
  const emit = (event: SessionEvent) => {
    if (event.kind === 'change') view = event.state
    for (const listener of [...listeners]) {
      try {
        listener(event)
      } catch (error) {
        // The app's fault must not stop the engine, nor go unseen.
        clock.after(0, () => {
          throw error
        })
      }
    }
  }
  const performer = createPerformer(ports, settings)
  const loop: StepLoop = createStepLoop(ports, settings, (effect) => {
    if (effect.kind === 'emit') emit(effect.event)
    else performer.perform(effect, loop)
  })
  const { dispatch, ask } = loop
  const stops = [
    storage.subscribe(() => dispatch({ kind: 'noticed' })),
    channel.subscribe(loop.hear),
    life.subscribe(({ online }) => dispatch({ kind: 'woke', visible: life.isVisible(), online })),
  ]
  dispatch({ kind: 'started', visible: life.isVisible() })
  return {
    settings,
    get: () => view,
    trouble: () => loop.state().trouble,
    nowMs: clock.nowMs,
    prepareCall: async () => {
      await ask({ kind: 'call-asked' })
      const state = loop.state()
      const header = headerOf(state)
      const access = state.record.tokens?.access
      return {
        handle: header?.handle,
        grant: header?.grant,
        headers: {
          ...transportHeader(settings),
          ...(access === undefined ? {} : { authorization: `Bearer ${access}` }),
        },
      }
    },
    observe: (answer) => dispatch({ kind: 'answered', answer }),
    recoverCall: (code, grant) => ask({ kind: 'call-refused', code, grant }),
    refresh: () => ask({ kind: 'refresh-asked' }),
    settle: () => ask({ kind: 'state-asked' }),
    signOut: () => ask({ kind: 'sign-out-asked' }),
    subscribe: (listener) => {
      const own = (event: SessionEvent) => listener(event)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    close: () => {
      for (const stop of [loop.close, performer.close, ...stops]) stop()
      listeners.clear()
    },
  }
}

/**
 * Storage and channel are not ordered with the lock: what was written under it is given this time
 * to reach the next holder, who would else refresh once more.
 */
const STORAGE_LAG_MS = 100

type Performed = Exclude<EngineEffect, { readonly kind: 'emit' | 'settle' }>

/** Does what the engine decides to do to the world. */
function createPerformer(ports: EnginePorts, settings: EngineOptions) {
  const { storage, channel, clock, lock, random } = ports
  let cancelAlarm = () => {}
  let stopWaiting = () => {}
  let releaseLock = () => {}
  let releaseAfterMs = 0
  let closed = false
  const takeLock = ({ state, dispatch }: StepLoop) => {
    const patience = new AbortController()
    let held = false
    const body = () =>
      new Promise<void>((resolve) => {
        if (held || closed) return resolve()
        held = true
        releaseLock = resolve
        releaseAfterMs = 0
        dispatch({ kind: 'lock-held' })
      })
    stopWaiting = () => patience.abort()
    // Who holds it for longer than any refresh lasts was stopped by the browser, and the lock
    // protects nothing any more. Not all who wait shall find that out at once.
    const waitMs = (raceWindowOf(state()) / 2) * (1 + random() / 4)
    const cancel = clock.after(waitMs, stopWaiting)
    void lock
      .hold(patience.signal, body)
      .catch(() => (held || closed ? undefined : lock.hold(undefined, body)))
      // Where there is no lock to be had, the rule on the server bears the race.
      .catch(body)
      .finally(cancel)
  }
  const perform = (effect: Performed, loop: StepLoop): unknown => {
    // When closed, what was under way has come to its end, and nothing else is begun.
    if (closed && effect.kind !== 'write-record') return clock.after(releaseAfterMs, releaseLock)
    switch (effect.kind) {
      case 'write-record': {
        const text = encodeRecord(effect.record)
        releaseAfterMs = STORAGE_LAG_MS
        storage.write(text)
        // Tokens are in the storage only; then the message just says: look there.
        return closed || channel.post(settings.holdsTokens ? '' : text)
      }
      case 'take-lock':
        return takeLock(loop)
      case 'release-lock':
        return clock.after(releaseAfterMs, releaseLock)
      case 'send':
        return sendTask(ports, settings, { ...effect, state: loop.state() }).then(loop.dispatch)
      case 'set-alarm': {
        cancelAlarm()
        if (effect.atMs === undefined) return
        const delayMs = effect.atMs - clock.nowMs()
        cancelAlarm = clock.after(delayMs, () => loop.dispatch({ kind: 'alarm' }))
        return
      }
      default:
        return effect satisfies never
    }
  }
  const close = () => {
    closed = true
    cancelAlarm()
    stopWaiting()
  }
  return { perform, close }
}
