import type { CallCredentials, Engine } from './engine.ts'
import type { OwnUrl } from './own-urls.ts'
import type { EnginePorts } from './ports.ts'
import { readAnswer } from './read-answer.ts'
import { sessionError } from './session-error.ts'
import { MIN_AHEAD_INTERVAL_MS } from './settings.ts'

/** A fetch with a session. */
export type SessionFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Refusals of the driver's guard that a refresh can heal. */
const refreshCodes: readonly string[] = [
  'no_session',
  'access_token_expired',
  'access_token_invalid',
  'refresh_first',
  // Of the session before, when another has begun meanwhile.
  'session_ended',
]

/**
 * Makes the session's fetch: it refreshes before a call whose token is about to expire, and once
 * after a refusal, then repeats the call once. Rejects with a {@link sessionError} `trouble` when
 * the refresh that the call needs cannot be made for now, `not_replayable` when its body was a
 * stream; otherwise as fetch does.
 */
export function createSessionFetch(
  engine: Engine,
  ports: EnginePorts,
  ownUrl: OwnUrl,
): SessionFetch {
  /** Sends the call; the code, if the refusal is one that a refresh can heal. */
  const attempt = async (call: Call) => {
    const { handle, grant, headers } = await unlessAborted(engine.prepareCall(), call.signal)
    const startedAtMs = engine.nowMs()
    const response = await call.send(headers)
    // After a redirect to another origin it is another's word.
    const ours = response.url === '' || ownUrl(response.url) !== undefined
    const answer = readAnswer(response, { startedAtMs, handle })
    if (ours) engine.observe(answer)
    const { status, code = '' } = answer
    const healable = ours && status === 401 && refreshCodes.includes(code)
    return { response, grant, code: healable ? code : undefined }
  }

  // The grant that was refused as soon as it was made: a younger one would fare no better.
  let vain: string | undefined
  let vainAtMs = 0

  return async (input, init) => {
    const request = input instanceof Request ? input : undefined
    const url = ownUrl(input)?.href
    const { mode = request?.mode, credentials = request?.credentials } = init ?? {}
    const isAlone = mode === 'no-cors' || (credentials === 'omit' && !engine.settings.holdsTokens)
    if (url === undefined || isAlone) {
      return ports.fetch(request ?? String(input), init)
    }
    const call = prepare({ request, init, url, engine, ports })
    const { response, grant, code } = await attempt(call)
    if (
      code === undefined ||
      (grant === vain && Math.abs(engine.nowMs() - vainAtMs) < MIN_AHEAD_INTERVAL_MS)
    )
      return response
    const result = await unlessAborted(engine.recoverCall(code, grant), call.signal)
    if (result === 'none') return response
    void response.body?.cancel().catch(() => {})
    if (result === 'trouble') throw sessionError('trouble', engine.trouble())
    if (!call.replayable) throw sessionError('not_replayable')
    const again = await attempt(call)
    if (again.code !== undefined) {
      vain = again.grant
      vainAtMs = engine.nowMs()
    }
    return again.response
  }
}

/** A call that can be sent, twice if its body allows. */
interface Call {
  readonly signal: AbortSignal | null | undefined
  readonly replayable: boolean
  send(own: CallCredentials['headers']): Promise<Response>
}

function prepare(from: {
  readonly request: Request | undefined
  readonly init: RequestInit | undefined
  readonly url: string
  readonly engine: Engine
  readonly ports: EnginePorts
}): Call {
  const { request, init, url, engine, ports } = from
  // The spare copy must be made before the body is read.
  let spare = init?.body ? request : request?.clone()
  return {
    signal: init?.signal ?? request?.signal,
    replayable: !(init?.body instanceof ReadableStream),
    send: (own) => {
      const headers = new Headers(init?.headers ?? request?.headers)
      for (const [name, value] of Object.entries(own)) {
        if (!headers.has(name)) headers.set(name, value)
      }
      const sent: RequestInit = { ...init, headers }
      if (!engine.settings.holdsTokens) sent.credentials = 'include'
      if (request === undefined) return ports.fetch(url, sent)
      const unread = spare ?? request
      spare = undefined
      return ports.fetch(new Request(unread, sent))
    },
  }
}

/** Waits, but not longer than the caller does. The promise must be one that never rejects. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    void promise.then(resolve).finally(() => signal.removeEventListener('abort', stop))
  })
}
