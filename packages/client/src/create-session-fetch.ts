import type { CallCredentials, Engine } from './engine.ts'
import type { EnginePorts } from './ports.ts'
import { readAnswer } from './read-answer.ts'
import { resolveUrl } from './resolve-url.ts'
import { sessionError } from './session-error.ts'

/** A fetch with a session. */
export type SessionFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Where the session may go. */
export interface SessionFetchOptions {
  /** The exact origins that get credentials. Everything else is passed through untouched. */
  readonly origins: readonly string[]
  /** Base of relative URLs, if the platform has one. */
  readonly baseUrl: () => string | undefined
}

/** Refusals of the driver's guard that a refresh can heal. */
const refreshCodes: readonly string[] = [
  'no_session',
  'access_token_expired',
  'access_token_invalid',
  'refresh_first',
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
  { origins, baseUrl }: SessionFetchOptions,
): SessionFetch {
  const ourUrl = (input: string | URL | Request) => {
    const url = resolveUrl(input, baseUrl())
    return url !== undefined && origins.includes(url.origin) ? url.href : undefined
  }

  /** Sends the call; the code, if the refusal is one that a refresh can heal. */
  const attempt = async (call: Call) => {
    const { handle, grant, headers } = await unlessAborted(engine.prepareCall(), call.signal)
    const startedAtMs = engine.nowMs()
    const response = await call.send(headers)
    // After a redirect to another origin it is another's word.
    const ours = response.url === '' || ourUrl(response.url) !== undefined
    const answer = readAnswer(response, { startedAtMs, handle })
    if (ours) engine.observe(answer)
    const { status, code = '' } = answer
    const healable = ours && status === 401 && refreshCodes.includes(code)
    return { response, grant, code: healable ? code : undefined }
  }

  return async (input, init) => {
    const request = input instanceof Request ? input : undefined
    const url = ourUrl(input)
    if (url === undefined || (init?.mode ?? request?.mode) === 'no-cors') {
      return ports.fetch(request ?? String(input), init)
    }
    const call = prepare({ request, init, url, engine, ports })
    const { response, grant, code } = await attempt(call)
    if (code === undefined) return response
    const result = await unlessAborted(engine.recoverCall(code, grant), call.signal)
    if (result === 'none') return response
    void response.body?.cancel().catch(() => {})
    if (result === 'trouble') throw sessionError('trouble')
    if (!call.replayable) throw sessionError('not_replayable')
    return (await attempt(call)).response
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
