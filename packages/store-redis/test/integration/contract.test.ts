import { after, before } from 'node:test'
import { redisStore } from '@pawl/store-redis'
import { describeStore } from '@pawl/store-testkit'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'

/** `PAWL_SEQUENCES=2000` runs as many random sequences, of another `PAWL_SEED` if that is given. */
const runs = Number(process.env.PAWL_SEQUENCES ?? 200)
const seed = Number(process.env.PAWL_SEED ?? 1)

function describeRedis(): void {
  let engine: Engine | undefined
  let prefixes = 0
  before(async () => {
    engine = await useEngine('redis')
  })
  after(() => engine?.stop())

  const openFresh = async () => {
    prefixes += 1
    const url = new URL(engine?.url ?? '')
    url.searchParams.set('prefix', `test-${process.pid}-${Date.now()}-${prefixes}:`)
    const open = () => redisStore({ url: url.href })
    return { store: open(), reopen: async () => open(), close: async () => {} }
  }
  describeStore('Redis', openFresh, { runs, seed })
}

if (isChosen('redis')) describeRedis()
