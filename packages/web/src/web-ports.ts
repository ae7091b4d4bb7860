import {
  type ChannelPort,
  type ClockPort,
  type EnginePorts,
  type LifePort,
  type LockPort,
  RECORD_VERSION,
  type StoragePort,
} from '@pawl/client'
import { createLeaseLock } from './lease-lock.ts'

/** What the ports are made for. */
export interface WebPortsOptions {
  /** Where the driver's own routes are. What the tabs share is named after it. */
  readonly base: string
  readonly holdsTokens: boolean
  /** Whether the tabs share anything: not when each holds its own tokens in memory. */
  readonly shared: boolean
}

/** The ports of the engine in a browser. */
export function createWebPorts({ base, holdsTokens, shared }: WebPortsOptions): EnginePorts {
  const nativeFetch = globalThis.fetch
  const local = openStorage()
  const tokenScope = `pawl:${RECORD_VERSION}:header:${base}`
  const scope = holdsTokens ? tokenScope : `pawl:${RECORD_VERSION}:${base}`
  // Tokens of a former release of the app, which kept them there, shall not lie about.
  if (!holdsTokens || !shared) local?.removeItem(tokenScope)
  const storage = shared ? local : undefined
  return {
    fetch: (request, init) => nativeFetch(request, init),
    storage: createStorage(storage, scope),
    lock: createLock(shared ? scope : undefined, storage),
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
    read: () => storage?.getItem(key) ?? own,
    write: (text) => {
      own = text
      try {
        storage?.setItem(key, text)
      } catch {
        // Full. No tab may go on with what is there still: its tokens are about to be replaced.
        storage?.removeItem(key)
        try {
          storage?.setItem(key, text)
        } catch {
          // Kept here.
        }
      }
    },
    subscribe: (listener) =>
      listen('storage', (event) => {
        if ((event as StorageEvent).key === key) listener()
      }),
  }
}

function createLock(scope: string | undefined, storage: Storage | undefined): LockPort {
  // Nobody to exclude: the engine itself does one thing at a time.
  const none: LockPort = { hold: (_patience, body) => body() }
  if (scope === undefined) return none
  const lease = storage
    ? createLeaseLock(storage, { key: `${scope}:lock`, owner: randomName() })
    : none
  const { locks } = navigator
  if (locks === undefined) return lease
  return {
    // The browser gives it back when its holder dies.
    hold: (signal, body) =>
      locks.request(scope, signal ? { signal } : { steal: true }, body).catch((error: unknown) => {
        if (signal?.aborted) throw error
        // Denied, as in some sandboxed frames.
        return lease.hold(signal, body)
      }),
  }
}

function createChannel(scope: string | undefined): ChannelPort {
  const channel =
    scope !== undefined && globalThis.BroadcastChannel ? new BroadcastChannel(scope) : undefined
  return {
    post: (text) => channel?.postMessage(text),
    subscribe: (listener) => {
      if (channel) channel.onmessage = ({ data }: MessageEvent<string>) => listener(data)
      return () => channel?.close()
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
