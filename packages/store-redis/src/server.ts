import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'
import { answeredWithin, answerLost, type Effect } from '@pawl/store-kit'
import { createClient, type RedisClientOptions } from '@redis/client'
import { serverCode, toStoreError } from './errors.ts'
import type { Script } from './script.ts'

/** What Redis answers with. */
export type Reply = string | number | boolean | null | readonly Reply[]

/** The server behind one connection, on which commands follow each other without waiting. */
export interface Server {
  /** Runs a script; again, once, where a lost connection makes that needful and harmless. */
  run(script: Script, args: readonly string[]): Promise<Reply>
  /** Sends one command. */
  send(effect: Effect, command: readonly string[]): Promise<Reply>
  readonly prefix: string
  close(): Promise<void>
}

/** Bounds of a connection. */
export interface ServerOptions {
  readonly options: RedisClientOptions
  readonly prefix: string
  /** The longest wait for a connection. */
  readonly connectTimeoutMs: number
  /** The longest wait for an answer. */
  readonly answerTimeoutMs: number
}

type Client = ReturnType<typeof createClient>

/** A connection, or the attempt to make one. */
interface Line {
  readonly client: Client
  readonly isReady: Promise<void>
}

/** Commands under way; more are refused at once. */
const UNDER_WAY_MAX = 10_000
/** After a failed attempt to connect nobody tries again for so long, give or take a half. */
const PAUSE_MS = 100

/**
 * Connects on the first call, and again on the first call after a connection was lost. The client's
 * own queue for the time without a connection, and its own reconnecting, are off: a command is sent
 * at once or refused, and none is sent twice that might do harm. A connection that leaves a command
 * unanswered for too long is dropped, with all that waits on it: a dead wire shows no other sign.
 */
export function openServer(settings: ServerOptions): Server {
  const { prefix, answerTimeoutMs } = settings
  const lines = linesTo(settings)
  let underWay = 0

  async function sendOnce(command: readonly string[]): Promise<Reply> {
    if (underWay >= UNDER_WAY_MAX) {
      throw new StoreError('unavailable', 'Redis is too slow for what is asked of it now')
    }
    underWay += 1
    try {
      const { client, isReady } = lines.current()
      await isReady.catch((error: unknown) => {
        throw new NotSent(error)
      })
      const answer = client.sendCommand(command as string[]) as unknown as Promise<Reply>
      return await within(answerTimeoutMs, answer, 'timeout').catch((error: unknown) => {
        const isMute = isStoreError(error) && error.kind === 'timeout'
        if (isMute || serverCode(error) === 'READONLY') lines.drop(client)
        throw error
      })
    } finally {
      underWay -= 1
    }
  }

  const send: Server['send'] = async (effect, command) => {
    try {
      return await sendOnce(command).catch((error: unknown) => {
        if (effect !== 'once' && isAnswerLost(error)) return sendOnce(command)
        throw error
      })
    } catch (error) {
      throw troubleOf(effect, error)
    }
  }

  return {
    prefix,
    send,
    run: async (script, args) => {
      const rest = ['1', prefix, ...args]
      try {
        return await send(script.effect, ['EVALSHA', script.sha, ...rest])
      } catch (error) {
        if (serverCode(error) !== 'NOSCRIPT') throw error
        return await send(script.effect, ['EVAL', script.source, ...rest])
      }
    },
    close: lines.close,
  }
}

/** The one connection, made when it is asked for. */
function linesTo(settings: ServerOptions) {
  let line: Line | undefined
  let failure = { error: undefined as unknown, untilMs: 0 }

  /** Ends a connection; whatever waits for an answer on it hears so. */
  function drop(client: Client): void {
    if (line?.client === client) line = undefined
    client.destroy()
  }

  function connect(): Line {
    if (performance.now() < failure.untilMs) throw toStoreError(failure.error)
    const client = createClient({
      ...settings.options,
      socket: { ...settings.options.socket, reconnectStrategy: false } as never,
      disableOfflineQueue: true,
      commandOptions: { timeout: undefined } as never,
      RESP: 2,
      maintNotifications: 'disabled',
    }) as unknown as Client
    client.on('error', () => drop(client))
    client.on('end', () => drop(client))
    const isReady = within(settings.connectTimeoutMs, welcome(client), 'unavailable').catch(
      (error: unknown) => {
        drop(client)
        failure = { error, untilMs: performance.now() + PAUSE_MS * (0.5 + Math.random()) }
        throw error
      },
    )
    isReady.catch(() => {})
    return { client, isReady }
  }

  return {
    current: (): Line => {
      line ??= connect()
      return line
    },
    drop,
    close: async () => {
      const last = line?.client
      line = undefined
      await last?.close().catch(() => last.destroy())
    },
  }
}

/** A command that never left: there was no connection. */
class NotSent extends Error {
  constructor(cause: unknown) {
    super('not sent', { cause })
  }
}

/** The connection broke under the command: whether it was carried out is not known. */
function isAnswerLost(error: unknown): boolean {
  if (error instanceof NotSent || isStoreError(error)) return false
  const trouble = toStoreError(error)
  return serverCode(error) === undefined && isStoreError(trouble)
}

/** A write whose answer was lost may have been done: that is what `timeout` says. */
function troubleOf(effect: Effect, error: unknown): unknown {
  if (error instanceof NotSent) return toStoreError(error.cause)
  const isOpen = effect !== 'none' && isAnswerLost(error)
  return isOpen ? answerLost('Redis', error) : toStoreError(error)
}

/** Connects, and refuses a replica: what it shows may be old. */
async function welcome(client: Client): Promise<void> {
  await client.connect()
  const role = await client.sendCommand(['ROLE']).catch((error: unknown) => {
    if (serverCode(error) === 'NOPERM') return ['master']
    throw error
  })
  const [name] = role as unknown as readonly string[]
  if (name !== 'master') throw new StoreError('read-only', `Redis is not the primary but a ${name}`)
}

function within<T>(limitMs: number, answer: Promise<T>, kind: StoreErrorKind): Promise<T> {
  return answeredWithin({ title: 'Redis', limitMs, kind }, answer)
}
