import type { DemoEvent, DemoFact } from '../demo-event.ts'

/** What happened to each session, for the pages that watch. In memory; the oldest go first. */
export interface SessionLog {
  readonly add: (handle: string, fact: DemoFact) => void
  /** What came after `seq`, then everything new; gives back how to stop. */
  readonly watch: (handle: string, seq: number, see: (event: DemoEvent) => void) => () => void
}

const SESSIONS_MAX = 200
const EVENTS_MAX = 400

interface Channel {
  readonly events: DemoEvent[]
  readonly watchers: Set<(event: DemoEvent) => void>
  seq: number
}

/** An empty log; `nowMs` is the clock. */
export function makeSessionLog(nowMs: () => number = Date.now): SessionLog {
  const channels = new Map<string, Channel>()

  const channelOf = (handle: string): Channel => {
    const channel = channels.get(handle) ?? { events: [], watchers: new Set(), seq: 0 }
    channels.delete(handle)
    channels.set(handle, channel)
    for (const oldest of channels.keys()) {
      if (channels.size <= SESSIONS_MAX) break
      channels.delete(oldest)
    }
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
    },
    watch(handle, seq, see) {
      const channel = channelOf(handle)
      for (const event of channel.events) if (event.seq > seq) see(event)
      channel.watchers.add(see)
      return () => channel.watchers.delete(see)
    },
  }
}
