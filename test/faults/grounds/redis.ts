import { redisPrograms } from '../../engines/redis.ts'
import type { GroundKind } from '../ground.ts'
import { openConsole } from './console.ts'
import { openServerGround } from './server-ground.ts'

const CLIENTS_MAX = 10_000

/** Redis: its append-only files are copied; a limit of one client, the rival, keeps others out. */
export const redisGround: GroundKind = {
  name: 'redis',
  keepsFiles: true,
  open: (folder) =>
    openServerGround(
      {
        name: 'redis',
        dataFolder: 'appendonlydir',
        exhaust: async ({ url, port }) => {
          const { password } = new URL(url)
          const env = { REDISCLI_AUTH: decodeURIComponent(password) }
          const rival = openConsole([`${redisPrograms()}/redis-cli`, '-p', String(port)], env)
          await rival.say('CONFIG SET maxclients 1', /OK/)
          await rival.say('CLIENT KILL TYPE normal SKIPME yes', /\d/)
          return async () => {
            await rival.say(`CONFIG SET maxclients ${CLIENTS_MAX}`, /OK/)
            await rival.close()
          }
        },
      },
      folder,
    ),
}
