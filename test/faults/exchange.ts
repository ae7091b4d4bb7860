import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** One HTTP request. */
export interface Sent {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is; default: none. */
  readonly body?: string
}

/** A whole answer. */
export interface Received {
  readonly status: number
  readonly cookies: readonly string[]
  readonly text: string
}

/** What an SDK owes the rule: it gives a refresh up after a third of the race window of 60 s. */
const TIMEOUT_MS = 20_000

const agent = new Agent({ keepAlive: true })

/** Sends a request; undefined if no whole answer came back: refused, cut or too slow. */
export async function exchange(sent: Sent): Promise<Received | undefined> {
  try {
    const response = await send(sent)
    const whole = await text(response)
    if (!response.complete) return undefined
    const cookies = response.headers['set-cookie'] ?? []
    return { status: response.statusCode ?? 0, cookies, text: whole }
  } catch {
    return undefined
  }
}

function send({ url, method, headers = {}, body = '' }: Sent): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = request(url, { method, headers, agent, timeout: TIMEOUT_MS })
  sent.on('response', resolve)
  sent.on('error', reject)
  sent.on('timeout', () => sent.destroy())
  sent.end(body)
  return promise
}
