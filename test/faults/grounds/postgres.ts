import type { Engine } from '../../engines/index.ts'
import { postgresPrograms } from '../../engines/postgres.ts'
import type { GroundKind } from '../ground.ts'
import { type DatabaseConsole, openConsole } from './console.ts'
import { openServerGround } from './server-ground.ts'

const NEXT_MIGRATION = `BEGIN;
ALTER TABLE pawl_sessions ADD COLUMN mood text;
CREATE TABLE pawl_moods (mood text PRIMARY KEY);
UPDATE pawl_schema SET version = version + 1;
COMMIT;`

function openPsql({ url }: Engine): DatabaseConsole {
  return openConsole([`${postgresPrograms()}/psql`, '-Xq', '-v', 'ON_ERROR_STOP=1', url])
}

async function run(engine: Engine, sql: string, until: RegExp): Promise<void> {
  const operator = openPsql(engine)
  await operator.say(`${sql} \\echo done`, until)
  await operator.close()
}

/** PostgreSQL: its data directory is copied; a lock on the table keeps every connection waiting. */
export const postgresGround: GroundKind = {
  name: 'postgres',
  open: (folder) =>
    openServerGround(
      {
        name: 'postgres',
        data: 'data',
        exhaust: async (engine) => {
          const rival = openPsql(engine)
          await rival.say('BEGIN; LOCK TABLE pawl_sessions; \\echo held', /held/)
          return () => rival.close()
        },
        migrateAsNextRelease: (engine) => run(engine, NEXT_MIGRATION, /done/),
        // The next segment of its log, which it would want within minutes.
        wantRoom: (engine) => run(engine, 'SELECT pg_switch_wal();', /done|PANIC|lost/),
      },
      folder,
    ),
}
