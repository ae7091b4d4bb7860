import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import {
  EVENT_STREAM,
  type FollowOptions,
  REVOCATION_FEED,
  type RevocationNotices,
  ROUTES,
  shapes,
} from '@pawl/protocol'
import * as v from 'valibot'
import type { CoreCalls } from '../ports.ts'
import type { CoreUrl } from './core-url.ts'

/** A stream whose first page is not there by then is given up for calls that wait, in ms. */
const FIRST_PAGE_MS = 2_000
/** A stream that was silent for so long is dead, in ms. */
const SILENCE_MS = 4 * REVOCATION_FEED.headEveryMs
/** How long calls stand in for a stream before one is tried again, in ms. */
const CALLS_FOR_MS = 60_000
/** How long such a call waits for news, in seconds. */
const CALL_WAIT_SECONDS = 2
/** Largest event that is read, in characters. */
const EVENT_CHARS_MAX = 1_048_576

/** How the feed is reached. */
interface FeedConnection {
  readonly url: CoreUrl
  readonly apiKey: string | undefined
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

type Follow = CoreCalls['followRevocations']

/** The core was reached, but its stream was not: something in between may hold streams back. */
class NoStreamError extends Error {}

/**
 * The feed of a core behind a URL: a stream (SSE) of its own connection, which keeps no process
 * alive; where streams do not get through, calls that wait for news.
 */
export function httpFeed(
  options: FeedConnection,
  listRevocations: CoreCalls['listRevocations'],
): Follow {
  async function* callForPages({ after, signal }: FollowOptions): ReturnType<typeof readPages> {
    const untilMs = performance.now() + CALLS_FOR_MS
    let cursor = after
    let waitSeconds = 0
    while (!signal.aborted && performance.now() < untilMs) {
      const query = { waitSeconds, ...(cursor === null ? {} : { after: cursor }) }
      const outcome = await listRevocations(query, signal)
      if (signal.aborted) return
      if (outcome.kind === 'refused') throw new Error(`the feed was refused: ${outcome.code}`)
      yield outcome.value
      cursor = outcome.value.cursor
      waitSeconds = outcome.value.isEnd ? CALL_WAIT_SECONDS : 0
    }
  }

  return async function* follow({ after, signal }) {
    try {
      yield* readPages(await openStream(options, { after, signal }), signal)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof NoStreamError)) throw error
      yield* callForPages({ after, signal })
    }
  }
}

/** Connects; throws `NoStreamError` for any answer that is not a stream. */
async function openStream(
  { url, apiKey, tls }: FeedConnection,
  { after, signal }: FollowOptions,
): Promise<IncomingMessage> {
  const { origin, basePath } = url
  const headers: Record<string, string> = { accept: EVENT_STREAM }
  if (apiKey !== undefined) headers.authorization = `Bearer ${apiKey}`
  if (after !== null) headers['last-event-id'] = after
  const target = origin + basePath + ROUTES.listRevocations.path
  const send = origin.startsWith('https:') ? requestHttps : requestHttp
  const call = send(target, { agent: false, headers, signal, timeout: FIRST_PAGE_MS, ...tls })
  const response = await responseOf(call)
  const isStream = response.headers['content-type']?.startsWith(EVENT_STREAM) === true
  if (response.statusCode === 200 && isStream) return response
  response.destroy()
  throw new NoStreamError(`the core answered ${response.statusCode} instead of a stream`)
}

function responseOf(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A feed that is followed is no reason for a process to stay.
    call.once('socket', (socket) => socket.unref())
    const giveUp = (): void => {
      const isConnected = call.socket?.connecting === false
      const message = 'the stream of the core was silent'
      call.destroy(isConnected ? new NoStreamError(message) : new Error(message))
    }
    call.once('timeout', giveUp)
    call.once('error', reject)
    call.once('response', (response) => {
      call.off('error', reject).off('timeout', giveUp)
      // From here on trouble shows in the response.
      call.on('error', () => {})
      resolve(response)
    })
    call.end()
  })
}

/** The pages of a stream; throws if it is silent, breaks the contract, or is cut. */
async function* readPages(
  response: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<RevocationNotices> {
  let hasPage = false
  response.socket.setTimeout(FIRST_PAGE_MS).on('timeout', () => {
    const message = 'the stream of the core was silent'
    response.destroy(hasPage ? new Error(message) : new NoStreamError(message))
  })
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) {
    response.socket.setTimeout(SILENCE_MS)
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const page = readEvent(text.slice(0, end))
      text = text.slice(end + 2)
      if (page === undefined) continue
      hasPage = true
      yield page
    }
    if (text.length > EVENT_CHARS_MAX) throw new Error('an event of the core is too large')
    if (signal.aborted) return
  }
}

/** The page of an event; undefined for one without data. Events of ours are one line of JSON. */
function readEvent(event: string): RevocationNotices | undefined {
  const line = event.split('\n').find((one) => one.startsWith('data:'))
  if (line === undefined) return undefined
  return v.parse(shapes.listRevocations.response, JSON.parse(line.slice('data:'.length)))
}
