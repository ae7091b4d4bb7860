import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { generateSecret } from '@pawl/embedded'
import {
  type Engine,
  type EngineName,
  startEngine,
  startProxy,
  type TcpProxy,
} from '../../engines/index.ts'
import { canConnect } from '../../engines/server-process.ts'
import type { Fault, Ground, Scene } from '../ground.ts'

/** What a server of its own kind needs. */
export interface ServerGround {
  readonly name: EngineName
  /** What of its folder holds the data. */
  readonly data: string
  /** Keeps every connection of the cores busy, or out; what comes back lets go. */
  readonly exhaust: (engine: Engine, proxy: TcpProxy) => Promise<() => Promise<void>>
  /** See `Ground`. */
  readonly migrateAsNextRelease: (engine: Engine) => Promise<void>
  /** See `Ground`; default: it always wants room. */
  readonly wantRoom?: (engine: Engine, scene: Scene) => Promise<void>
}

/** How often the server, and the wire, are struck in one fault. */
const KILLS = 2
const CUTS = 20
/** Refreshes that are acknowledged between two strikes. */
const PROGRESS = 15
/** Answers that have to fail before a trouble has been felt. */
const FELT = 20
const LOOK_PAUSE_MS = 20
/** The length of a stall. */
const STALL_MS = 5000

/** Starts the server, in a folder where it can be found, with a wire that can be cut before it. */
export async function openServerGround(kind: ServerGround, folder?: string): Promise<Ground> {
  const place = folder ?? mkdtempSync(path.join(tmpdir(), 'pawl-ground-'))
  // Another user has to get through, and to find room for temporary files.
  chmodSync(place, 0o1777)
  const engine = await inFolder(place, () => startEngine(kind.name))
  const data = path.join(dataParent(place, kind.name), kind.data)
  const proxy = await startProxy(engine)
  return {
    env: { PAWL_STORE: proxy.through(engine.url), PAWL_SECRET: generateSecret() },
    faults: [kills(engine), stall(engine), cuts(proxy), exhaustion(kind, engine, proxy)],
    keepCopy: (scene) => keepCopy(data, engine, scene),
    migrateAsNextRelease: () => kind.migrateAsNextRelease(engine),
    wantRoom: async (scene) => kind.wantRoom?.(engine, scene),
    revive: (scene) => revive(engine, scene),
    close: async () => {
      await proxy.close()
      await engine.stop()
      if (folder === undefined) rmSync(place, { recursive: true, force: true })
    },
  }
}

/** Engines take their folder where temporary ones are. */
async function inFolder<T>(folder: string, start: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  try {
    return await start()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

function dataParent(place: string, name: EngineName): string {
  const own = readdirSync(place).find((entry) => entry.startsWith(`pawl-${name}-`))
  if (own === undefined) throw new Error(`${name} keeps nothing in ${place}`)
  return path.join(place, own)
}

function kills(engine: Engine): Fault {
  return {
    name: `the database server is killed, ${KILLS} times`,
    strike: async ({ load }) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const [served, failed] = [load.acknowledged(), load.failed()]
        await load.until('progress', () => load.acknowledged() >= served + PROGRESS)
        await engine.kill()
        await load.until('answers to fail', () => load.failed() >= failed + FELT)
        await engine.restart()
      }
    },
  }
}

function stall(engine: Engine): Fault {
  return {
    name: `the database server stands still for ${STALL_MS / 1000} s`,
    strike: async () => {
      engine.pause()
      await delay(STALL_MS)
      engine.resume()
    },
  }
}

function cuts(proxy: TcpProxy): Fault {
  return {
    name: `connections are cut under their statements, ${CUTS} times`,
    strike: async ({ load }) => {
      for (let round = 0; round < CUTS; round++) {
        const served = load.acknowledged()
        if (round % 2 === 0) proxy.cutAtNextAnswer()
        else proxy.cut()
        await load.until('progress', () => load.acknowledged() >= served + PROGRESS)
      }
    },
  }
}

function exhaustion({ exhaust }: ServerGround, engine: Engine, proxy: TcpProxy): Fault {
  return {
    name: 'no connection is free',
    strike: async ({ load }) => {
      const failed = load.failed()
      const letGo = await exhaust(engine, proxy)
      const isFelt = load.until('answers to fail', () => load.failed() >= failed + FELT)
      await isFelt.finally(letGo)
    },
  }
}

async function revive(engine: Engine, { load }: Scene): Promise<boolean> {
  const served = load.acknowledged()
  while (load.acknowledged() === served) {
    if (!(await canConnect(engine.port))) {
      await engine.restart()
      return true
    }
    await delay(LOOK_PAUSE_MS)
  }
  return false
}

/** As a copy of the volume is: taken, and put back, while the server is down. */
async function keepCopy(
  data: string,
  engine: Engine,
  { load }: Scene,
): Promise<() => Promise<void>> {
  const copyFolder = mkdtempSync(path.join(tmpdir(), 'pawl-copy-'))
  const copy = path.join(copyFolder, path.basename(data))
  await engine.kill()
  copyTree(data, copy)
  await engine.restart()
  await load.recovery(performance.now())
  return async () => {
    await engine.kill()
    rmSync(data, { recursive: true })
    copyTree(copy, data)
    rmSync(copyFolder, { recursive: true })
    await engine.restart()
  }
}

/** With owners and rights, which a database server insists on. */
function copyTree(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cp failed: ${stderr}`)
}
