import { postgresPrograms } from '../../engines/postgres.ts'
import type { GroundKind } from '../ground.ts'
import { openConsole } from './console.ts'
import { openServerGround } from './server-ground.ts'

/** PostgreSQL: its data directory is copied; a lock on the table keeps every connection waiting. */
export const postgresGround: GroundKind = {
  name: 'postgres',
  keepsFiles: true,
  open: (folder) =>
    openServerGround(
      {
        name: 'postgres',
        dataFolder: 'data',
        exhaust: async (engine) => {
          const rival = openConsole([`${postgresPrograms()}/psql`, '-Xq', engine.url])
          await rival.say('BEGIN; LOCK TABLE pawl_sessions; \\echo held', /held/)
          return () => rival.close()
        },
        // The next segment of its log, which it would want within minutes.
        wantRoom: async (engine) => {
          const operator = openConsole([`${postgresPrograms()}/psql`, '-Xq', engine.url])
          await operator.say('SELECT pg_switch_wal(); \\echo done', /done|PANIC|lost/)
          await operator.close()
        },
      },
      folder,
    ),
}
