import { after, before } from 'node:test'
import { mysqlStore } from '@pawl/store-mysql'
import { describeStore } from '@pawl/store-testkit'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'
import { freshDatabase } from './databases.ts'

/** `PAWL_SEQUENCES=2000` runs as many random sequences, of another `PAWL_SEED` if that is given. */
const runs = Number(process.env.PAWL_SEQUENCES ?? 200)
const seed = Number(process.env.PAWL_SEED ?? 1)

function describeMysql(): void {
  let engine: Engine | undefined
  before(async () => {
    engine = await useEngine('mariadb')
  })
  after(() => engine?.stop())

  const openFresh = async () => {
    const { url, drop } = await freshDatabase(engine?.url ?? '')
    const open = () => mysqlStore({ url, poolMax: 4 })
    return { store: open(), reopen: async () => open(), close: drop }
  }
  describeStore('MariaDB', openFresh, { runs, seed })
}

if (isChosen('mariadb')) describeMysql()
