import { type Agent, request } from 'node:http'

/** What came back, or that nothing is known of what became of the call. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: never }
  | { readonly kind: 'lost' }

const TIMEOUT_MS = 5_000

/** Posts JSON; a connection that is refused, cut or too slow is `lost`. */
export function post(url: string, body: object, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(url, { method: 'POST', headers, agent, timeout: TIMEOUT_MS })
    call.on('error', () => resolve({ kind: 'lost' }))
    call.on('timeout', () => call.destroy())
    call.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', () => resolve({ kind: 'lost' }))
      response.on('end', () => {
        if (!response.complete) return resolve({ kind: 'lost' })
        resolve({
          kind: 'answer',
          status: response.statusCode ?? 0,
          body: JSON.parse(text) as never,
        })
      })
    })
    call.end(JSON.stringify(body))
  })
}
