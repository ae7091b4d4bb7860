import { after, before } from 'node:test'
import { postgresStore } from '@pawl/store-postgres'
import { describeStore } from '@pawl/store-testkit'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'

/** `PAWL_SEQUENCES=2000` runs as many random sequences, of another `PAWL_SEED` if that is given. */
const runs = Number(process.env.PAWL_SEQUENCES ?? 200)
const seed = Number(process.env.PAWL_SEED ?? 1)

function describePostgres(): void {
  let engine: Engine | undefined
  let schemas = 0
  before(async () => {
    engine = await useEngine('postgres')
  })
  after(() => engine?.stop())

  const openFresh = async () => {
    schemas += 1
    const url = new URL(engine?.url ?? '')
    url.searchParams.set('schema', `test_${process.pid}_${Date.now()}_${schemas}`)
    const open = () => postgresStore({ url: url.href, poolMax: 4 })
    return { store: open(), reopen: async () => open(), close: async () => {} }
  }
  describeStore('PostgreSQL', openFresh, { runs, seed })
}

if (isChosen('postgres')) describePostgres()
