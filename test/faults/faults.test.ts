import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Fault, Ground, GroundKind, Scene } from './ground.ts'
import { chosenGrounds } from './grounds/index.ts'
import { startLedger } from './ledger.ts'
import { assertNobodyHarmed, closeScene, openScene } from './scene.ts'

/** One core dies and comes back: the same on every engine. */
const coreIsKilled: Fault = {
  name: 'one of the two cores is killed',
  strike: async ({ cores, load }) => {
    const failed = load.failed()
    await cores.kill(0)
    await load.until('answers to fail', () => load.failed() > failed)
    await cores.restart(0)
  },
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

function describeTrouble(kind: GroundKind): void {
  let ground: Ground
  let scene: Scene

  before(async () => {
    ground = await kind.open()
    scene = await openScene(ground)
  })
  after(async () => {
    if (scene !== undefined) await closeScene(scene)
    await ground?.close()
  })

  /** Strikes, waits until everybody is served again, and proves that nothing was lost. */
  async function survive(fault: Fault): Promise<string> {
    const { cores, load } = scene
    const ledger = await startLedger(cores.urls)
    try {
      const [startMs, served, failed] = [performance.now(), load.acknowledged(), load.failed()]
      await fault.strike(scene)
      const overMs = performance.now()
      const { firstMs, allMs } = await load.recovery(overMs)
      const written = await ledger.audit()
      assertNobodyHarmed(scene)
      // A token ahead of its row would say that the store had forgotten a rotation.
      assert.equal(cores.countOf('store-behind'), 0, 'an acknowledged rotation was lost')
      return (
        `${kind.name}, ${fault.name}: ${seconds(overMs - startMs)} of trouble, ` +
        `${load.failed() - failed} answers put off or lost; then served again, the first after ` +
        `${seconds(firstMs)}, all after ${seconds(allMs)}. Acknowledged and kept: ` +
        `${load.acknowledged() - served} refreshes, ${written}`
      )
    } catch (cause) {
      const sentence = `${fault.name}. The cores' last complaints:\n${cores.lastComplaints()}`
      throw new Error(sentence, { cause })
    } finally {
      // What it has to say the audit has heard.
      await ledger.stop().catch(() => {})
    }
  }

  it('is served at the pace that was asked for, before any trouble', (test) => {
    test.diagnostic(`${kind.name}: ${scene.load.perSecond().toFixed(0)} refreshes a second`)
  })

  it('loses nothing that was acknowledged and logs nobody out, whatever happens', async (test) => {
    for (const fault of [coreIsKilled, ...ground.faults]) {
      await test.test(fault.name, async (part) => part.diagnostic(await survive(fault)))
    }
  })
}

for (const kind of chosenGrounds) {
  describe(`200 refreshes a second on ${kind.name}`, () => describeTrouble(kind))
}
