import type { DemoEvent, DemoSettings, ThiefAnswer } from '../demo-event.ts'
import type { BrowserSession } from './browser-session.ts'
import { readEvents } from './event-stream.ts'

/** What a call of the demo API came to; `status` 0 means that no answer arrived. */
export interface CallAnswer {
  readonly status: number
  readonly text: string
}

/** The demo API, as the page uses it. */
export interface DemoApi {
  readonly logIn: (name: string) => Promise<CallAnswer>
  readonly call: () => Promise<CallAnswer>
  readonly expire: () => Promise<CallAnswer>
  readonly drop: () => Promise<CallAnswer>
  /** Copies the refresh token into a second client; answers that client's id. */
  readonly steal: () => Promise<string | null>
  readonly moveThief: (id: string, move: 'refresh' | 'call') => Promise<ThiefAnswer>
  /** Follows the session's events until it ends; answers how the connection ended. */
  readonly follow: (after: number, take: (event: DemoEvent) => void) => Promise<CallAnswer>
}

/** The demo API at `origin`; calls that need a session go through the web SDK. */
export function makeDemoApi(origin: string, session: BrowserSession): DemoApi {
  const post = (path: string, body: unknown = {}) =>
    answerOf(session.fetch(`${origin}${path}`, jsonPost(body)))
  return {
    logIn: (name) => post('/log-in', { name }),
    call: () => answerOf(session.fetch(`${origin}/me`)),
    expire: () => post('/demo/expire'),
    drop: () => post('/demo/drop'),
    async steal() {
      const answer = await post('/demo/thief')
      return answer.status === 200 ? (JSON.parse(answer.text) as { id: string }).id : null
    },
    async moveThief(id, move) {
      const response = await fetch(`${origin}/demo/thief/${id}/${move}`, jsonPost({}))
      return (await response.json()) as ThiefAnswer
    },
    async follow(after, take) {
      try {
        const response = await session.fetch(`${origin}/demo/events?after=${after}`)
        if (!response.ok) return { status: response.status, text: '' }
        await readEvents(response, take)
        return { status: 200, text: '' }
      } catch (error) {
        return { status: 0, text: String(error) }
      }
    },
  }
}

function jsonPost(body: unknown): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** A call that fails is an answer too: the page says what happened and goes on. */
async function answerOf(call: Promise<Response>): Promise<CallAnswer> {
  try {
    const response = await call
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return { status: 0, text: error instanceof Error ? error.message : String(error) }
  }
}

/** What the page must know of the core's settings before it starts. */
export async function readSettings(origin: string): Promise<DemoSettings> {
  const response = await fetch(`${origin}/demo/settings`)
  if (!response.ok) throw new Error(`the demo API answered ${response.status}`)
  return (await response.json()) as DemoSettings
}
