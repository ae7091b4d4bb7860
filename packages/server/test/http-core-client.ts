import { Agent, request } from 'node:http'
import {
  type CoreApi,
  carriesBody,
  isErrorCode,
  type Operation,
  type Outcome,
  ok,
  type Refusal,
  ROUTES,
} from '@pawl/protocol'

/** A parsed answer of a service. */
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body: unknown
}

/** One exchange over HTTP; a body that is text is sent as it is. */
export function exchange(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: { readonly [name: string]: string | readonly string[] }
    readonly body?: unknown
    readonly agent?: Agent
  } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body, agent } = options
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers: headers as Record<string, string>, agent })
    call.on('error', reject)
    call.on('response', (response) => {
      let received = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        received += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response
        const isJson = received !== '' && /json/.test(answered['content-type'] ?? '')
        resolve({ status, headers: answered, body: isJson ? JSON.parse(received) : received })
      })
    })
    call.end(text)
  })
}

/** The core behind a URL, straight from the route table: enough for tests. */
export function httpCoreClient(url: string, apiKey: string | undefined): CoreApi {
  const agent = new Agent({ keepAlive: true })
  const call =
    (operation: Operation) =>
    async (given: object): Promise<Outcome<never>> => {
      const { method, path } = ROUTES[operation]
      const rest: Record<string, unknown> = { ...given }
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = String(rest[name])
        delete rest[name]
        return encodeURIComponent(value)
      })
      const fields = Object.entries(rest).map(([name, value]) => [name, String(value)])
      const query = carriesBody(method) ? '' : `?${new URLSearchParams(fields)}`
      const { status, headers, body } = await exchange(url + filled + query, {
        method,
        agent,
        headers: {
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(carriesBody(method) ? { 'content-type': 'application/json' } : {}),
        },
        ...(carriesBody(method) ? { body: rest } : {}),
      })
      if (status === 200) return ok(withMaxAge(body, headers['cache-control']) as never)
      const { code, detail, session, retryAfterSeconds } = body as Refusal
      if (!isErrorCode(code)) throw new Error(`an answer without a code: ${status}`)
      const more = {
        ...(session ? { session } : {}),
        ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
      }
      return { kind: 'refused', code, detail, ...more }
    }
  const calls = (Object.keys(ROUTES) as Operation[]).map((name) => [name, call(name)])
  return { ...Object.fromEntries(calls), close: async () => agent.destroy() } as CoreApi
}

function withMaxAge(body: unknown, cacheControl: unknown): unknown {
  const maxAge = /^public, max-age=(\d+), must-revalidate$/.exec(String(cacheControl))?.[1]
  return maxAge === undefined ? body : { ...(body as object), maxAgeSeconds: Number(maxAge) }
}
