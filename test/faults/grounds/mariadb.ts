import type { Engine } from '../../engines/index.ts'
import { mariadbPrograms } from '../../engines/mariadb.ts'
import type { GroundKind } from '../ground.ts'
import { logIn } from '../honest-client.ts'
import { type DatabaseConsole, openConsole } from './console.ts'
import { openServerGround } from './server-ground.ts'

const NEXT_MIGRATION = `
ALTER TABLE pawl_sessions ADD COLUMN mood text;
CREATE TABLE pawl_moods (mood varchar(9) PRIMARY KEY);
UPDATE pawl_schema SET version = version + 1;`

function openClient({ url }: Engine): DatabaseConsole {
  const { username, password, hostname, port, pathname } = new URL(url)
  const where = ['-h', hostname, '-P', port, '-u', username, pathname.slice(1)]
  const env = { MYSQL_PWD: decodeURIComponent(password) }
  return openConsole([mariadbPrograms().client, '--no-defaults', '-nN', ...where], env)
}

/** As many log-ins as one statement of the store takes. */
const RUSH = 64
const RUSHES_MAX = 40

/**
 * Refreshes are written in place, and a log-in that finds no room is all there is of its statement.
 * Of a statement of many rows the first ones have to be taken back, which wants room as well: where
 * there is none, MariaDB tries for five seconds, everybody waiting, and then ends itself.
 */
async function logInAtOnce(url: string): Promise<void> {
  for (let rush = 0; rush < RUSHES_MAX; rush++) {
    const users = Array.from({ length: RUSH }, (_, index) => `rush-${rush}-${index}`)
    const clients = await Promise.all(users.map((user) => logIn(url, user)))
    if (clients.includes(undefined)) return
  }
  throw new Error('MariaDB found room for all that came')
}

/** MariaDB: its data directory is copied; a lock on the table keeps every connection waiting. */
export const mariadbGround: GroundKind = {
  name: 'mariadb',
  open: (folder) =>
    openServerGround(
      {
        name: 'mariadb',
        data: 'data',
        exhaust: async (engine) => {
          const rival = openClient(engine)
          await rival.say("LOCK TABLES pawl_sessions WRITE; SELECT 'held';", /held/)
          return () => rival.close()
        },
        migrateAsNextRelease: async (engine) => {
          const operator = openClient(engine)
          await operator.say(`${NEXT_MIGRATION} SELECT 'done';`, /done/)
          await operator.close()
        },
        wantRoom: (_engine, { cores: { urls } }) => logInAtOnce(urls[0] ?? ''),
      },
      folder,
    ),
}
