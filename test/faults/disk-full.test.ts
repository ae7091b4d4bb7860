import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Ground, GroundKind, Scene } from './ground.ts'
import { chosenGrounds } from './grounds/index.ts'
import { startLedger } from './ledger.ts'
import { assertNobodyHarmed, closeScene, openScene } from './scene.ts'
import { openSmallDisk, type SmallDisk } from './small-disk.ts'

/** Answers, to refreshes or other writes, that have to fail before the trouble has been felt. */
const FELT = 200

const disk = openSmallDisk()
if (disk === undefined) {
  it('a full disk cannot be staged: this user may not mount one (root may)', { skip: true })
} else {
  after(() => disk.remove())
  for (const kind of chosenGrounds) {
    describe(`the disk of ${kind.name} is full`, () => describeFullDisk(kind, disk))
  }
}

function describeFullDisk(kind: GroundKind, { folder, fill, free }: SmallDisk): void {
  let ground: Ground
  let scene: Scene

  before(async () => {
    ground = await kind.open(folder)
    scene = await openScene(ground)
  })
  after(async () => {
    free()
    if (scene !== undefined) await closeScene(scene)
    await ground?.close()
  })

  it('loses nothing that was acknowledged, logs nobody out, goes on with room', async (test) => {
    const { cores, load } = scene
    const ledger = await startLedger(cores.urls)
    try {
      const refreshes = load.failed()
      const before = refreshes + ledger.failed()
      const failed = () => load.failed() + ledger.failed() - before
      fill()
      await ground.wantRoom(scene)
      await load.until('answers to fail', () => failed() >= FELT)
      free()
      const wasRevived = await ground.revive(scene)
      const refreshed = load.recovery(performance.now())
      const [{ firstMs, allMs }, logInMs] = await Promise.all([refreshed, ledger.recovery()])
      const written = await ledger.audit()
      assertNobodyHarmed(scene)
      assert.equal(cores.countOf('store-behind'), 0, 'an acknowledged rotation was lost')
      test.diagnostic(
        `${kind.name}: ${failed()} answers put off or lost, ${load.failed() - refreshes} of them ` +
          `to refreshes; with room again${wasRevived ? ', and the server started again,' : ''} the ` +
          `first refresh was served after ${firstMs.toFixed(0)} ms, all after ` +
          `${allMs.toFixed(0)} ms, a log-in after ${logInMs.toFixed(0)} ms. Kept: ${written}`,
      )
    } finally {
      await ledger.stop()
    }
  })
}
