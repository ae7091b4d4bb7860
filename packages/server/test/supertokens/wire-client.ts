import { memoryStore } from '@pawl/store-testkit'
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.ts'

/** An answer of the wire. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Headers
  /** The body as it came. */
  readonly text: string
  /** The body as JSON; undefined for a sentence. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
}

/** How a request of the wire is sent. */
export interface WireRequest {
  readonly version?: string | null
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
}

/** A service, and a driver's end of the wire to it. */
export interface WireServer {
  readonly server: RunningServer
  readonly send: (method: string, path: string, request?: WireRequest) => Promise<WireAnswer>
}

/** Starts a service over a memory store. */
export async function startWire(options: ServerOptions = {}): Promise<WireServer> {
  const storeInstance = options.storeInstance ?? memoryStore()
  const server = await startServer({ port: 0, logLevel: 'silent', ...options, storeInstance })
  return { server, send: senderOf(server.url) }
}

/** Sends requests as drivers do. */
export function senderOf(url: string): WireServer['send'] {
  return async (method, path, request = {}) => {
    const { version = '5.4', body, headers = {} } = request
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(version === null ? {} : { 'cdi-version': version }),
        ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json')
    const { status, headers: given } = answer
    return { status, headers: given, text, body: isJson ? JSON.parse(text) : undefined }
  }
}
