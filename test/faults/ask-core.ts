import { exchange } from './exchange.ts'

/** What came back, or that nothing is known of what became of the call. */
export type Reply =
  | { readonly kind: 'reply'; readonly status: number; readonly body: ReplyBody }
  | { readonly kind: 'lost' }

/** What the tests read of a core's answers. */
export interface ReplyBody {
  readonly code?: string
  readonly session?: { readonly handle: string }
  readonly data?: { readonly step?: number }
  readonly refreshToken?: { readonly token: string }
  readonly lineage?: { readonly generation: number }
}

/** One call to a core. */
export interface Call {
  /** The core's address. */
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: object
}

/** Calls a core; a connection that is refused, cut or too slow is `lost`. */
export async function askCore({ url, method, path, body }: Call): Promise<Reply> {
  const received = await exchange({
    url: `${url}${path}`,
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (received === undefined) return { kind: 'lost' }
  const { status, text } = received
  return { kind: 'reply', status, body: text === '' ? {} : (JSON.parse(text) as ReplyBody) }
}

/** The answer, if the call was decided; undefined if it was lost or put off (503). */
export function decidedBy(reply: Reply): Extract<Reply, { kind: 'reply' }> | undefined {
  return reply.kind === 'lost' || reply.status === 503 ? undefined : reply
}
