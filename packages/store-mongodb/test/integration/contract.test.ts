import { after, before } from 'node:test'
import { mongodbStore } from '@pawl/store-mongodb'
import { describeStore } from '@pawl/store-testkit'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'

/** `PAWL_SEQUENCES=2000` runs as many random sequences, of another `PAWL_SEED` if that is given. */
const runs = Number(process.env.PAWL_SEQUENCES ?? 200)
const seed = Number(process.env.PAWL_SEED ?? 1)

function describeMongodb(): void {
  let engine: Engine | undefined
  let databases = 0
  before(async () => {
    engine = await useEngine('mongodb')
  })
  after(() => engine?.stop())

  const openFresh = async () => {
    databases += 1
    const url = new URL(engine?.url ?? '')
    url.pathname = `pawl-test-${process.pid}-${Date.now()}-${databases}`
    // Nothing here is about being late, and the machine may be busy.
    const patience = { connectTimeoutMs: 60_000, answerTimeoutMs: 60_000 }
    const open = () => mongodbStore({ url: url.href, ...patience })
    return { store: open(), reopen: async () => open(), close: async () => {} }
  }
  describeStore('MongoDB', openFresh, { runs, seed })
}

if (isChosen('mongodb')) describeMongodb()
