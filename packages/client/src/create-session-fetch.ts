import { HEADERS } from '@pawl/protocol/frontend'
import type { CallCredentials, Engine } from './engine.ts'
import type { EnginePorts } from './ports.ts'
import { readAnswer } from './read-answer.ts'
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
  const isOurs = (url: string) => origins.includes(originOf(url) ?? '')

  const attempt = async (call: Call, credentials: CallCredentials) => {
    const startedAtMs = engine.nowMs()
    const response = await call.send(credentials)
    // After a redirect it is another's word.
    const ours = response.url === '' || isOurs(response.url)
    const { handle } = credentials
    const answer = readAnswer(response, { startedAtMs, handle }, engine.nowMs())
    if (ours) engine.observe(answer)
    const refused = ours && response.status === 401 && refreshCodes.includes(answer.code ?? '')
    return { response, code: refused ? answer.code : undefined }
  }

  return async (input, init) => {
    const url = input instanceof Request ? input.url : resolveUrl(input, baseUrl())
    if (!isOurs(url) || modeOf(input, init) === 'no-cors') {
      return ports.fetch(input instanceof Request ? input : String(input), init)
    }
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const call = prepare({ input, init, url, engine, ports })
    const credentials = await unlessAborted(engine.prepareCall(), signal)
    const { response, code } = await attempt(call, credentials)
    if (code === undefined) return response
    const result = await unlessAborted(engine.recoverCall(code, credentials.grant), signal)
    if (result === 'ended') return response
    void response.body?.cancel().catch(() => {})
    if (result === 'trouble') throw sessionError('trouble')
    if (!call.replayable) throw sessionError('not_replayable')
    return (await attempt(call, await unlessAborted(engine.prepareCall(), signal))).response
  }
}

/** A call that can be sent, twice if its body allows. */
interface Call {
  readonly replayable: boolean
  send(credentials: CallCredentials): Promise<Response>
}

function prepare(from: {
  readonly input: string | URL | Request
  readonly init: RequestInit | undefined
  readonly url: string
  readonly engine: Engine
  readonly ports: EnginePorts
}): Call {
  const { input, init, url, engine, ports } = from
  const request = input instanceof Request ? input : undefined
  // The spare copy must be made before the body is read.
  let spare = request === undefined || init?.body ? request : request.clone()
  return {
    replayable: !(init?.body instanceof ReadableStream),
    send: (credentials) => {
      const headers = new Headers(init?.headers ?? request?.headers)
      const jar = engine.settings.credentials === 'jar'
      headers.set(HEADERS.transport, jar ? 'cookie' : 'header')
      const { accessToken } = credentials
      if (accessToken !== undefined && !headers.has('authorization')) {
        headers.set('authorization', `Bearer ${accessToken}`)
      }
      const sent = { ...init, headers, ...(jar ? { credentials: 'include' as const } : {}) }
      if (request === undefined) return ports.fetch(url, sent)
      const own = spare ?? request
      spare = undefined
      return ports.fetch(new Request(own, sent))
    },
  }
}

function modeOf(input: string | URL | Request, init: RequestInit | undefined): string | undefined {
  return init?.mode ?? (input instanceof Request ? input.mode : undefined)
}

function resolveUrl(input: string | URL, base: string | undefined): string {
  try {
    return new URL(input, base).href
  } catch {
    // Not an address: fetch itself shall say so.
    return String(input)
  }
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin
  } catch {
    return undefined
  }
}

/** Waits, but not longer than the caller does. */
async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal === null || signal === undefined) return promise
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
