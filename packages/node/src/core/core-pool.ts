import { Pool } from 'undici'
import type { CoreUrl } from './core-url.ts'
import type { RawAnswer } from './decode-answer.ts'
import type { EncodedCall } from './encode-call.ts'

/** Bounds of the connection to the core. */
export interface CoreLimits {
  /** Connections held open; default 16. */
  readonly connections: number
  /** Calls in flight or waiting; more are refused as `unavailable` at once; default 1024. */
  readonly callsMax: number
  /** Time to connect, in ms; default 1000. */
  readonly connectTimeoutMs: number
  /** Time to the first byte of the answer, in ms; default 10000. */
  readonly headersTimeoutMs: number
}

/** Certificates for TLS (PEM): an own authority, or a client certificate. */
export interface CoreTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Where the core is and how to get in. */
export interface CorePoolOptions {
  readonly url: CoreUrl
  readonly apiKey: string | undefined
  readonly limits: CoreLimits
  readonly tls: CoreTls
}

/** Kept-alive connections to the core. */
export interface CorePool {
  /** Sends one call and reads the answer whole. Throws if there is none, or one too large. */
  send(call: EncodedCall, signal: AbortSignal): Promise<RawAnswer>
  close(): Promise<void>
}

/** Largest answer that is read, in bytes. */
const ANSWER_BYTES_MAX = 1_048_576

/** Opens the pool; connects when first needed. Redirects are answers like any other. */
export function openCorePool(options: CorePoolOptions): CorePool {
  const { url, apiKey, limits, tls } = options
  const pool = new Pool(url.origin, {
    connections: limits.connections,
    pipelining: 1,
    connect: { timeout: limits.connectTimeoutMs, ...certificatesOf(tls) },
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.headersTimeoutMs,
  })
  const bare = {
    accept: 'application/json',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  }
  const withBody = { ...bare, 'content-type': 'application/json' }
  return {
    send: async ({ method, path, body }, signal) => {
      const headers = body === null ? bare : withBody
      const answer = await pool.request({ method, path, headers, body, signal })
      const text = await readBounded(answer.body)
      const header = (name: string): string | undefined => {
        const value = answer.headers[name]
        return Array.isArray(value) ? value[0] : value
      }
      return { status: answer.statusCode, header, body: text }
    },
    close: async () => {
      if (!pool.destroyed && !pool.closed) await pool.close()
    },
  }
}

/** Named one by one: no option of ours turns the verification of certificates off. */
function certificatesOf({ ca, cert, key }: CoreTls): CoreTls {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer of the core is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
