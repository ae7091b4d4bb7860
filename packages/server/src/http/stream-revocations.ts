import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CoreApi, EVENT_STREAM, REVOCATION_FEED, type RevocationNotices } from '@pawl/protocol'

/** A client that takes nothing in for so long is cut off, in milliseconds. */
const DRAIN_TIMEOUT_MS = 10_000
/** What a client waits before it connects again, in milliseconds. */
const RECONNECT_MS = 500

/** A reply that is a stream: resolves when it has ended. Rejects only before its first byte. */
export type StreamReply = (response: ServerResponse, requestId: string) => Promise<void>

/** Whether a request asks for the feed as a stream. */
export function wantsStream(request: IncomingMessage): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes(EVENT_STREAM)
}

/**
 * Where a stream goes on: a client that reconnects says so by `Last-Event-ID`, which goes before
 * `after`. Undefined for a text that is no cursor.
 */
export function positionOf(request: IncomingMessage, after: unknown): string | null | undefined {
  const given = request.headers['last-event-id'] ?? after ?? null
  if (given === null || given === '') return null
  const isCursor = typeof given === 'string' && given.length <= REVOCATION_FEED.cursorChars
  return isCursor && !/[\r\n\0]/.test(given) ? given : undefined
}

/**
 * The feed of revocations as Server-Sent Events: an event `revocations` for each page with entries,
 * an event `head` for an empty one; both carry the page as JSON, and the cursor as their id. The
 * core reads on only while the client takes in what it was sent. Before each event it asks whether
 * the caller may still listen: a stream that is cut off ends within seconds of a revoked key.
 */
export function streamRevocations(
  core: CoreApi,
  after: string | null,
  mayListen: () => boolean,
): StreamReply {
  return async (response, requestId) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const pages = core.followRevocations({ after, signal: gone.signal })[Symbol.asyncIterator]()
    // Trouble with the first page is still a refusal, with a status of its own.
    let next = await pages.next()
    if (response.destroyed) return
    response.writeHead(200, {
      'content-type': EVENT_STREAM,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'x-request-id': requestId,
      connection: 'close',
    })
    response.write(`retry: ${RECONNECT_MS}\n\n`)
    try {
      while (next.done !== true && !response.destroyed && mayListen()) {
        if (!response.write(eventOf(next.value))) await drained(response)
        next = await pages.next()
      }
      response.end()
    } catch {
      // The slow are cut off, and so is a feed that broke: the client goes on from its last event.
      response.destroy()
    } finally {
      gone.abort()
      await pages.return?.()
    }
  }
}

function eventOf(page: RevocationNotices): string {
  const name = page.entries.length === 0 ? 'head' : 'revocations'
  return `event: ${name}\nid: ${page.cursor}\ndata: ${JSON.stringify(page)}\n\n`
}

async function drained(response: ServerResponse): Promise<void> {
  await once(response, 'drain', { signal: AbortSignal.timeout(DRAIN_TIMEOUT_MS) })
}
