import type { DemoEvent } from '../demo-event.ts'

/** Largest unfinished event that is waited for, in characters. */
const PENDING_MAX = 65_536

/**
 * Reads a `text/event-stream` answer event by event until it ends. Fetched, not an EventSource,
 * because a fetch can be refreshed and retried like any other call of the session.
 */
export async function readEvents(
  response: Response,
  take: (event: DemoEvent) => void,
): Promise<void> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    pending += value
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    if (pending.length > PENDING_MAX) throw new Error('the event stream sent too long an event')
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice('data: '.length))
        .join('\n')
      if (data !== '') take(JSON.parse(data) as DemoEvent)
    }
  }
}
