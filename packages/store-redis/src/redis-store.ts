import { type EpochMs, guardStore, type Store } from '@pawl/core'
import { bounded } from '@pawl/store-kit'
import { readUrl } from './connection.ts'
import { redisContent } from './content.ts'
import { redisRecords } from './records.ts'
import { redisRevocations } from './revocations.ts'
import { pingServer, prepareServer } from './schema.ts'
import { openServer } from './server.ts'
import { redisSessions } from './sessions.ts'

/** How {@link redisStore} connects. */
export interface RedisStoreOptions {
  /**
   * `rediss://user:password@host:port/database`, with `?prefix=` and others; see the guide.
   * `redis`, without TLS, is for this machine.
   */
  readonly url: string
  /** The longest wait for a connection. 100 to 60 000; default 3000. */
  readonly connectTimeoutMs?: number
  /** The longest wait for an answer. 100 to 60 000; default 5000. */
  readonly answerTimeoutMs?: number
  /** Hears, at `migrate`, of a server that may lose writes. Default: a warning of the process. */
  readonly warn?: (text: string) => void
}

const timeoutBounds = [100, 60_000] as const

/**
 * A store on one Redis 6.2 or newer, or Valkey: a primary with `appendonly yes`, `appendfsync
 * always` and `maxmemory-policy noeviction`. Each call is one Lua script, one round trip. Connects
 * on the first call. Throws `StoreError('unavailable')` at once for a URL that is none.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { connectTimeoutMs = 3000, answerTimeoutMs = 5000 } = options
  const server = openServer({
    ...readUrl(options.url),
    connectTimeoutMs: bounded('connectTimeoutMs', connectTimeoutMs, timeoutBounds),
    answerTimeoutMs: bounded('answerTimeoutMs', answerTimeoutMs, timeoutBounds),
  })
  const warn = options.warn ?? ((text: string) => process.emitWarning(text))
  const records = redisRecords(server)
  const frame = { engine: 'redis', title: 'Redis', isEmbedded: false, release: server.close }
  return guardStore(frame, {
    ...redisSessions(server),
    ...redisRevocations(server),
    ...records,
    ...redisContent(server, records),
    migrate: () => prepareServer(server, warn),
    ping: () => pingServer(server),
    clockMs: async () => {
      const [seconds, micros] = (await server.send('none', ['TIME'])) as readonly string[]
      return (Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)) as EpochMs
    },
  })
}
