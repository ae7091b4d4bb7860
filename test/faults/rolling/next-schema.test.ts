import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import type { Ground, GroundKind, Scene } from '../ground.ts'
import { chosenGrounds } from '../grounds/index.ts'
import { startLedger } from '../ledger.ts'
import { assertNobodyHarmed, closeScene, openScene } from '../scene.ts'

const cli = path.resolve(import.meta.dirname, '../../../packages/server/src/cli.ts')
const START_MAX_MS = 60_000

function describeNextSchema(kind: GroundKind): void {
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

  it('cores that run go on when a later release has migrated the database', async () => {
    const { cores, load } = scene
    const ledger = await startLedger(cores.urls)
    try {
      await ground.migrateAsNextRelease()
      await load.recovery(performance.now())
      await load.recovery(performance.now())
      await ledger.audit()
      assertNobodyHarmed(scene)
      assert.equal(cores.countOf('store-behind'), 0)
    } finally {
      await ledger.stop()
    }
  })

  it('a core of this release refuses to start on it, with a sentence', async () => {
    const env = { ...ground.env, PAWL_PORT: '0' }
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    const core = spawn(process.execPath, [cli, 'serve'], { env, stdio, timeout: START_MAX_MS })
    const [said, [status]] = await Promise.all([text(core.stderr), once(core, 'exit')])
    assert.match(said, /^pawl: .*newer than .*this build/m)
    assert.equal(status, 1)
  })
}

for (const kind of chosenGrounds) {
  describe(`the next release's schema on ${kind.name}`, () => describeNextSchema(kind))
}
