import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Ground, GroundKind, Scene } from './ground.ts'
import { chosenGrounds } from './grounds/index.ts'
import { assertNobodyHarmed, closeScene, openScene } from './scene.ts'

/** Refreshes of each session that the store is to forget: two or more are beyond rows 1 to 4. */
const FORGOTTEN = 3

function describeOlderState(kind: GroundKind): void {
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

  it('logs nobody out, takes nobody for a thief, and raises the alarm', async (test) => {
    const { cores, load } = scene
    const putBack = await ground.keepCopy(scene)
    const copied = new Map(load.clients.map((client) => [client, client.generation]))
    await load.until('everybody to be ahead of the copy', () =>
      load.clients.every((client) => client.generation >= (copied.get(client) ?? 0) + FORGOTTEN),
    )
    assert.equal(cores.countOf('store-behind'), 0)
    await putBack()
    const { firstMs, allMs } = await load.recovery(performance.now())
    await load.stop()
    assertNobodyHarmed(scene)
    const alarms = cores.countOf('store-behind')
    assert.ok(alarms >= load.clients.length, `${alarms} alarms for ${load.clients.length} sessions`)
    test.diagnostic(
      `${kind.name}: ${load.clients.length} sessions ${FORGOTTEN} generations and more ahead of ` +
        `their rows, ${alarms} alarms, 0 thefts, 0 logouts; the first was served after ` +
        `${firstMs.toFixed(0)} ms, all after ${allMs.toFixed(0)} ms`,
    )
  })
}

for (const kind of chosenGrounds) {
  describe(`${kind.name} put back to an older state under load`, () => describeOlderState(kind))
}
