import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Ground, GroundKind, Scene } from '../ground.ts'
import { chosenGrounds } from '../grounds/index.ts'
import { startLedger } from '../ledger.ts'
import { assertNobodyHarmed, closeScene, openScene } from '../scene.ts'
import { type BackEnd, startBackEnd } from './back-end.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type OldRelease, RELEASE_PACKAGES, unpackOldRelease } from './old-release.ts'
import { startVisitors, type Visitors } from './visitors.ts'

const driverProgram = path.join(import.meta.dirname, 'driver-process.ts')
const VISITORS = 20

/** Stores that the old release had. */
const oldStores: readonly string[] = RELEASE_PACKAGES.map((name) => name.replace(/^store-/, ''))

let old: OldRelease
before(() => {
  old = unpackOldRelease()
})
after(() => old?.remove())

function describeUpgrade(kind: GroundKind): void {
  let ground: Ground
  let scene: Scene
  let balancer: Balancer
  const backEnds: BackEnd[] = []
  let visitors: Visitors

  before(async () => {
    ground = await kind.open()
    scene = await openScene(ground, old.cli)
    balancer = await startBalancer(scene.cores.urls.map((url) => Number(new URL(url).port)))
    for (const program of [old.adopt(driverProgram), driverProgram]) {
      backEnds.push(await startBackEnd(program, balancer.url))
    }
  })
  after(async () => {
    await visitors?.stop()
    for (const backEnd of backEnds) await backEnd.stop()
    await balancer?.close()
    if (scene !== undefined) await closeScene(scene)
    await ground?.close()
  })

  /** Takes a step, and waits until everybody was served after it. */
  async function step(take: () => Promise<void>): Promise<void> {
    await take()
    await scene.load.recovery(performance.now())
    const before = visitors.served().refreshes
    await scene.load.until(
      'visitors to refresh',
      () => visitors.served().refreshes > before + VISITORS,
    )
    visitors.assertSignedIn()
    assertNobodyHarmed(scene)
  }

  it('goes from the old build to the new one and back, and logs nobody out', async (test) => {
    const { cores, load } = scene
    const [oldDriver = '', newDriver = ''] = backEnds.map(({ url }) => url)
    visitors = await startVisitors(VISITORS, [oldDriver])
    const ledger = await startLedger(cores.urls)
    try {
      await step(async () => {})
      await step(() => cores.replace(0, undefined))
      await step(async () => visitors.goTo([oldDriver, newDriver]))
      await step(() => cores.replace(1, undefined))
      await step(() => cores.replace(0, old.cli))
      await step(async () => visitors.goTo([newDriver]))
      await step(() => cores.replace(0, undefined))
      const written = await ledger.audit()
      assert.equal(cores.countOf('store-behind'), 0, 'an acknowledged rotation was lost')
      const { refreshes, requests } = visitors.served()
      test.diagnostic(
        `${kind.name}: ${load.acknowledged()} refreshes at the cores, ${refreshes} through old and ` +
          `new drivers beside ${requests} requests, ${written}: 0 logouts, 0 thefts`,
      )
    } finally {
      await ledger.stop()
    }
  })
}

for (const kind of chosenGrounds.filter(({ name }) => oldStores.includes(name))) {
  describe(`a rolling upgrade on ${kind.name}`, () => describeUpgrade(kind))
}
