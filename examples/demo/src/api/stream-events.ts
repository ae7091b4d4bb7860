import type { Response } from 'express'
import type { SessionLog } from './session-log.ts'

/** A comment from time to time keeps proxies and browsers from giving the connection up. */
const KEEP_ALIVE_MS = 15_000

interface Wish {
  readonly handle: string
  /** Number of the last event that the page has seen already. */
  readonly after: number
}

/** Sends a session's events as `text/event-stream`; the answer ends with the session. */
export function streamEvents(log: SessionLog, response: Response, wish: Wish): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  })
  response.flushHeaders()
  const beat = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS)
  const stop = log.watch(wish.handle, wish.after, (event) => {
    response.write(`data: ${JSON.stringify(event)}\n\n`)
    if (event.kind === 'ended') response.end()
  })
  response.on('close', () => {
    clearInterval(beat)
    stop()
  })
}
