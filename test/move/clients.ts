import assert from 'node:assert/strict'
import type { CoreApi } from '@pawl/protocol'

/** One answer in so many is lost on its way: the client comes again with the token it had. */
const LOST_EVERY = 7
/** A client's time between an answer and its next request: others use the machine as well. */
const PACE_MS = 50

/** Clients that keep refreshing, whatever core there is. */
export interface Clients {
  /** Refreshes that were granted, of all clients together. */
  readonly granted: () => number
  /** Clients that were refused though nobody had ended their session: none, or it has failed. */
  readonly loggedOut: () => readonly string[]
  /** The tokens that the clients hold. */
  readonly tokens: () => readonly string[]
  /** Lets them talk to a core; null means that there is none now, and that they try later. */
  readonly use: (core: CoreApi | null) => void
  /** Resolves when each client was granted a refresh since now. */
  readonly eachRefreshed: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Logs `count` clients in and lets each refresh again and again, one request at a time. */
export async function startClients(first: CoreApi, count: number): Promise<Clients> {
  let core: CoreApi | null = first
  let changed = Promise.withResolvers<void>()
  let isStopped = false
  let granted = 0
  let answers = 0
  const rounds = new Array<number>(count).fill(0)
  const loggedOut: string[] = []
  const tokens: string[] = []

  for (let index = 0; index < count; index += 1) {
    const created = await first.createSession({ userId: `client ${index}` })
    assert.equal(created.kind, 'ok')
    if (created.kind === 'ok') tokens.push(created.value.refreshToken.token)
  }

  async function runClient(index: number): Promise<void> {
    while (!isStopped) {
      const current = core
      if (current === null) {
        await changed.promise
        continue
      }
      const token = tokens[index] ?? ''
      const outcome = await current.refreshSession({ refreshTokens: [token] })
      answers += 1
      if (outcome.kind === 'ok') {
        granted += 1
        rounds[index] = (rounds[index] ?? 0) + 1
        if (answers % LOST_EVERY !== 0) tokens[index] = outcome.value.refreshToken.token
      } else if (outcome.code !== 'unavailable') {
        loggedOut.push(`client ${index}: ${outcome.code}`)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    }
  }

  const running = tokens.map((_, index) =>
    runClient(index).catch((error: unknown) => void loggedOut.push(`client ${index}: ${error}`)),
  )
  return {
    granted: () => granted,
    loggedOut: () => loggedOut,
    tokens: () => tokens,
    use: (next) => {
      core = next
      changed.resolve()
      changed = Promise.withResolvers()
    },
    eachRefreshed: async () => {
      const before = [...rounds]
      const isDue = () => rounds.some((round, index) => round <= (before[index] ?? 0))
      while (isDue() && loggedOut.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    stop: async () => {
      isStopped = true
      changed.resolve()
      await Promise.all(running)
    },
  }
}
