import type { DemoEvent, DemoFact } from '../demo-event.ts'

/** What happened to each session, for the pages that watch. In memory; the oldest go first. */
export interface SessionLog {
  readonly add: (handle: string, fact: DemoFact) => void
  /** The session in which a refresh token of that name was granted. */
  readonly handleOf: (tokenName: string | null) => string | undefined
  /** What came after `seq`, then everything new; gives back how to stop. */
  readonly watch: (handle: string, seq: number, see: (event: DemoEvent) => void) => () => void
}

const SESSIONS_MAX = 200
const EVENTS_MAX = 400
const NAMES_MAX = 10_000

interface Channel {
  readonly events: DemoEvent[]
  readonly watchers: Set<(event: DemoEvent) => void>
  seq: number
}

/** An empty log; `nowMs` is the clock. */
export function makeSessionLog(nowMs: () => number = Date.now): SessionLog {
  const channels = new Map<string, Channel>()
  const handles = new Map<string, string>()

  const channelOf = (handle: string): Channel => {
    const channel = channels.get(handle) ?? { events: [], watchers: new Set(), seq: 0 }
    channels.delete(handle)
    channels.set(handle, channel)
    keepNewest(channels, SESSIONS_MAX)
    return channel
  }

  return {
    add(handle, fact) {
      const channel = channelOf(handle)
      channel.seq += 1
      const event: DemoEvent = { seq: channel.seq, atMs: nowMs(), ...fact }
      channel.events.push(event)
      if (channel.events.length > EVENTS_MAX) channel.events.shift()
      for (const see of channel.watchers) see(event)
      if (!('place' in fact)) return
      handles.set(fact.place.id, handle)
      keepNewest(handles, NAMES_MAX)
    },
    handleOf: (tokenName) => (tokenName === null ? undefined : handles.get(tokenName)),
    watch(handle, seq, see) {
      const channel = channelOf(handle)
      for (const event of channel.events) if (event.seq > seq) see(event)
      channel.watchers.add(see)
      return () => channel.watchers.delete(see)
    },
  }
}

function keepNewest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}
