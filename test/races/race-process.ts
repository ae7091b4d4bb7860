/**
 * One of the processes of a race: a core on the store under test. Arguments: the module that opens
 * the store, and the place it opens. Orders come in as messages, reports go out.
 */
import type { Store } from '@pawl/core'
import type { RaceOrder, RaceReport } from './calls.ts'
import { makeCall, openRaceCore } from './race-core.ts'

const [, , openStoreModule = '', place = ''] = process.argv
const { openStore } = (await import(openStoreModule)) as {
  readonly openStore: (place: string) => Promise<Store>
}
const { core, setTime, takeEvents } = await openRaceCore(await openStore(place))

async function carryOut({ family, calls, nowMs }: RaceOrder): Promise<RaceReport> {
  setTime(nowMs)
  takeEvents()
  const answers = await Promise.all(
    calls.map(async (call) => {
      const startNs = Number(process.hrtime.bigint())
      const answer = await makeCall(core, family, { ...call, nowMs })
      return { answer, startNs, endNs: Number(process.hrtime.bigint()) }
    }),
  )
  return { answers, events: takeEvents() }
}

process.on('message', async (order: RaceOrder | null) => {
  if (order !== null) process.send?.(await carryOut(order))
  else {
    await core.close()
    process.disconnect?.()
  }
})
process.send?.('ready')
