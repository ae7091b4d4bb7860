import type {
  ChannelPort,
  ClockPort,
  EnginePorts,
  LifePort,
  LockPort,
  StoragePort,
} from '@pawl/client'
import { REFRESH_ABORT_SHARE } from '@pawl/protocol/frontend'
import { createLeaseLock } from './lease-lock.ts'
import { createWebLock } from './web-lock.ts'

/** A dead tab's lease lasts this much longer than the longest refresh. */
const LEASE_MARGIN_MS = 5_000

/** What the ports are made for. */
export interface WebPortsOptions {
  /** Names what the tabs share: one name for each API. */
  readonly scope: string
  /** Whether the tabs share anything: not when each holds its own tokens in memory. */
  readonly shared: boolean
  readonly raceWindowMs: number
}

/** The ports of the engine in a browser. */
export function createWebPorts({ scope, shared, raceWindowMs }: WebPortsOptions): EnginePorts {
  const nativeFetch = globalThis.fetch
  const storage = shared ? openStorage() : undefined
  const leaseMs = raceWindowMs * REFRESH_ABORT_SHARE + LEASE_MARGIN_MS
  return {
    fetch: (request, init) => nativeFetch(request, init),
    storage: createStorage(storage, scope),
    lock: createLock(shared ? scope : undefined, storage, leaseMs),
    channel: createChannel(shared ? scope : undefined),
    clock,
    life,
    randomName,
    random: Math.random,
  }
}

/** `localStorage`, or undefined where the browser or the user forbids it. */
function openStorage(): Storage | undefined {
  try {
    return globalThis.localStorage
  } catch {
    // Forbidden: the tabs then share what the channel carries.
    return undefined
  }
}

function createStorage(storage: Storage | undefined, key: string): StoragePort {
  // What could not be written (quota) must still be known here.
  let own: string | null = null
  return {
    read: () => own ?? storage?.getItem(key) ?? null,
    write: (text) => {
      own = text
      try {
        storage?.setItem(key, text)
        if (storage) own = null
      } catch {
        // Full: kept here.
      }
    },
    subscribe: (listener) =>
      listen('storage', (event) => {
        if ((event as StorageEvent).key === key) listener()
      }),
  }
}

function createLock(
  scope: string | undefined,
  storage: Storage | undefined,
  leaseMs: number,
): LockPort {
  // Nobody to exclude: the engine itself does one thing at a time.
  const none: LockPort = { hold: (_patience, body) => body() }
  if (scope === undefined) return none
  const lease = storage
    ? createLeaseLock(storage, { key: `${scope}:lock`, owner: randomName(), leaseMs })
    : none
  if (navigator.locks === undefined) return lease
  const web = createWebLock(navigator.locks, scope)
  return {
    hold: (patience, body) =>
      web.hold(patience, body).catch((error: unknown) => {
        if (patience?.aborted) throw error
        // Denied, as in some sandboxed frames.
        return lease.hold(patience, body)
      }),
  }
}

function createChannel(scope: string | undefined): ChannelPort {
  if (scope === undefined || globalThis.BroadcastChannel === undefined) {
    return { post: () => {}, subscribe: () => () => {} }
  }
  const channel = new BroadcastChannel(scope)
  return {
    post: (text) => channel.postMessage(text),
    subscribe: (listener) => {
      channel.onmessage = ({ data }: MessageEvent<string>) => listener(data)
      return () => channel.close()
    },
  }
}

const clock: ClockPort = {
  nowMs: Date.now,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Shown or hidden; back from the back-forward cache, where no message arrived; back online. */
const lifeEvents = ['visibilitychange', 'pageshow', 'online']

const life: LifePort = {
  isVisible: () => document.visibilityState !== 'hidden',
  subscribe: (listener) => {
    const stops = lifeEvents.map((name) =>
      listen(name, () => listener({ online: name === 'online' })),
    )
    return () => {
      for (const stop of stops) stop()
    }
  },
}

/** All of them come to the window or bubble up to it. */
function listen(name: string, listener: (event: Event) => void): () => void {
  addEventListener(name, listener)
  return () => removeEventListener(name, listener)
}

function randomName(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('')
}
