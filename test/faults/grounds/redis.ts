import type { Engine } from '../../engines/index.ts'
import { redisPrograms } from '../../engines/redis.ts'
import type { GroundKind } from '../ground.ts'
import { type DatabaseConsole, openConsole } from './console.ts'
import { openServerGround } from './server-ground.ts'

const CLIENTS_MAX = 10_000

function openRedisCli({ url, port }: Engine): DatabaseConsole {
  const { password } = new URL(url)
  const env = { REDISCLI_AUTH: decodeURIComponent(password) }
  return openConsole([`${redisPrograms()}/redis-cli`, '-p', String(port)], env)
}

/** Redis: its append-only files are copied; a limit of one client, the rival, keeps others out. */
export const redisGround: GroundKind = {
  name: 'redis',
  open: (folder) =>
    openServerGround(
      {
        name: 'redis',
        data: 'appendonlydir',
        exhaust: async (engine) => {
          const rival = openRedisCli(engine)
          await rival.say('CONFIG SET maxclients 1', /OK/)
          await rival.say('CLIENT KILL TYPE normal SKIPME yes', /\d/)
          return async () => {
            await rival.say(`CONFIG SET maxclients ${CLIENTS_MAX}`, /OK/)
            await rival.close()
          }
        },
        migrateAsNextRelease: async (engine) => {
          const operator = openRedisCli(engine)
          await operator.say('INCR pawl:v', /\d/)
          await operator.say('SET pawl:moods 1', /OK/)
          await operator.close()
        },
      },
      folder,
    ),
}
