import { FRONTEND_PATHS } from '@pawl/protocol/frontend'
import type { Engine, EngineOptions } from './engine.ts'
import type { EngineEffect } from './engine-state.ts'
import type { EnginePorts } from './ports.ts'
import { sendTask, transportHeader } from './send-task.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import { encodeRecord } from './shared-record.ts'
import { createStepLoop, type StepLoop } from './step-loop.ts'
import { headerOf } from './steps/record-steps.ts'

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
  const { storage, channel, clock, lock } = ports
  let cancelAlarm = () => {}
  let releaseLock = () => {}
  let releaseAfterMs = 0
  const takeLock = async ({ dispatch }: StepLoop) => {
    const body = () =>
      new Promise<void>((resolve) => {
        releaseLock = resolve
        releaseAfterMs = 0
        dispatch({ kind: 'lock-held' })
      })
    const got = await lock.hold(settings.raceWindowMs / 2, body).catch(() => 'missed')
    if (got === 'missed') dispatch({ kind: 'lock-missed' })
  }
  const send = async (path: string, refreshToken: string | undefined, loop: StepLoop) => {
    const handle = headerOf(loop.state())?.handle
    loop.dispatch(
      await sendTask(ports, settings, { url: settings.base + path, handle, refreshToken }),
    )
  }
  const perform = (effect: Performed, loop: StepLoop): unknown => {
    switch (effect.kind) {
      case 'write-record': {
        const text = encodeRecord(effect.record)
        releaseAfterMs = STORAGE_LAG_MS
        storage.write(text)
        // Tokens are in the storage only; then the message just says: look there.
        return channel.post(settings.holdsTokens ? '' : text)
      }
      case 'take-lock':
        return takeLock(loop)
      case 'release-lock':
        return clock.after(releaseAfterMs, releaseLock)
      case 'send-refresh':
        return send(FRONTEND_PATHS.refresh, effect.refreshToken, loop)
      case 'send-sign-out':
        return send(FRONTEND_PATHS.signOut, effect.refreshToken, loop)
      case 'set-alarm': {
        cancelAlarm()
        if (effect.atMs === undefined) return
        const delayMs = Math.max(0, effect.atMs - clock.nowMs())
        cancelAlarm = clock.after(delayMs, () => loop.dispatch({ kind: 'alarm' }))
        return
      }
      default:
        return effect satisfies never
    }
  }
  const close = () => {
    cancelAlarm()
    releaseLock()
  }
  return { perform, close }
}
