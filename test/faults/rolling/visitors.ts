import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange } from '../exchange.ts'

/** People with browsers who use back ends, and refresh through them. */
export interface Visitors {
  /** Refreshes and other requests that were answered well so far. */
  readonly served: () => { readonly refreshes: number; readonly requests: number }
  /** From now on these back ends serve them, turn by turn. */
  readonly goTo: (urls: readonly string[]) => void
  /** Asserts that nobody was asked to sign in again. */
  readonly assertSignedIn: () => void
  readonly stop: () => Promise<void>
}

interface Visitor {
  readonly name: string
  readonly jar: Map<string, string>
  complaint: string | undefined
}

const REFRESH = '/auth/session/refresh'
const PAUSE_MS = 100

/** Signs the visitors in, and lets each of them look at a page and refresh by turns. */
export async function startVisitors(count: number, first: readonly string[]): Promise<Visitors> {
  const counts = { refreshes: 0, requests: 0 }
  let urls = first
  let isOver = false
  const visitors: readonly Visitor[] = Array.from({ length: count }, (_, number) => ({
    name: `visitor ${number}`,
    jar: new Map(),
    complaint: undefined,
  }))
  for (const visitor of visitors) {
    assert.equal(await send(visitor, `${urls[0]}/log-in`, 'POST'), 200)
  }

  async function live(visitor: Visitor, index: number): Promise<void> {
    for (let turn = index; !isOver && visitor.complaint === undefined; ) {
      const isRefresh = turn % 2 === 0
      const url = urls[(turn >> 1) % urls.length]
      const method = isRefresh ? 'POST' : 'GET'
      const status = await send(visitor, `${url}${isRefresh ? REFRESH : '/'}`, method)
      if (status === undefined || status === 503) {
        await delay(PAUSE_MS)
        continue
      }
      if (status >= 300) visitor.complaint = `${visitor.name}: ${status} at turn ${turn}`
      else counts[isRefresh ? 'refreshes' : 'requests'] += 1
      turn += 1
      await delay(PAUSE_MS)
    }
  }
  const lives = Promise.all(visitors.map(live))
  return {
    served: () => ({ ...counts }),
    goTo: (next) => {
      urls = next
    },
    assertSignedIn: () => {
      assert.deepEqual(
        visitors.flatMap(({ complaint }) => complaint ?? []),
        [],
        'visitors were signed out',
      )
    },
    stop: async () => {
      isOver = true
      await lives
    },
  }
}

/** One request with the jar's cookies, and those of the answer kept; undefined if it was lost. */
async function send({ jar }: Visitor, url: string, method: string): Promise<number | undefined> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { 'sec-fetch-site': 'same-origin', ...(cookie === '' ? {} : { cookie }) }
  const received = await exchange({ url, method, headers })
  for (const line of received?.cookies ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0;/.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
  return received?.status
}
