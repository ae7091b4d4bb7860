import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault, Ground, GroundKind, Scene } from '../ground.ts'

const KILLS = 2
/** Refreshes that are acknowledged before each kill. */
const PROGRESS = 15
/** Answers that have to fail before a trouble has been felt. */
const FELT = 20
const STALL_MS = 5000

const NEXT_MIGRATION = `
BEGIN IMMEDIATE;
ALTER TABLE sessions ADD COLUMN mood TEXT;
CREATE TABLE moods (mood TEXT PRIMARY KEY) STRICT;
UPDATE schema_version SET version = version + 1;
COMMIT;`

/** SQLite: the cores themselves are its server. */
export const sqliteGround: GroundKind = {
  name: 'sqlite',
  open: async (folder = tmpdir()) => {
    const place = mkdtempSync(path.join(folder, 'pawl-sqlite-'))
    const file = path.join(place, 'pawl.db')
    const ground: Ground = {
      env: { PAWL_STORE: `sqlite:${file}`, PAWL_DATA_DIR: place },
      faults: [kills(), freeze(), lock(file)],
      keepCopy: (scene) => keepCopy(file, scene),
      migrateAsNextRelease: async () => {
        const operator = new DatabaseSync(file, { timeout: STALL_MS })
        operator.exec(NEXT_MIGRATION)
        operator.close()
      },
      wantRoom: async () => {},
      revive: async () => false,
      close: async () => rmSync(place, { recursive: true, force: true }),
    }
    return ground
  },
}

function kills(): Fault {
  return {
    name: `all cores are killed, ${KILLS} times`,
    strike: async ({ cores, load }) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const [served, failed] = [load.acknowledged(), load.failed()]
        await load.until('progress', () => load.acknowledged() >= served + PROGRESS)
        await killAll(cores)
        await load.until('answers to fail', () => load.failed() >= failed + FELT)
        await restartAll(cores)
      }
    },
  }
}

/** With the lock of the database in its hands, if chance will have it. */
function freeze(): Fault {
  return {
    name: `one core stands still for ${STALL_MS / 1000} s`,
    strike: async ({ cores }) => {
      cores.signal(0, 'SIGSTOP')
      await delay(STALL_MS)
      cores.signal(0, 'SIGCONT')
    },
  }
}

/** The one thing that all connections to a SQLite file want is its write lock. */
function lock(file: string): Fault {
  return {
    name: 'another process holds the write lock',
    strike: async ({ load }) => {
      const failed = load.failed()
      const rival = new DatabaseSync(file, { timeout: STALL_MS })
      rival.exec('BEGIN IMMEDIATE')
      const isFelt = load.until('answers to fail', () => load.failed() >= failed + FELT)
      await isFelt.finally(() => rival.close())
    },
  }
}

async function keepCopy(file: string, { cores }: Scene): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-copy-'))
  const copy = path.join(folder, 'copy.db')
  const source = new DatabaseSync(file, { readOnly: true })
  await backup(source, copy)
  source.close()
  return async () => {
    await killAll(cores)
    for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    copyFileSync(copy, file)
    rmSync(folder, { recursive: true })
    await restartAll(cores)
  }
}

async function killAll(cores: Scene['cores']): Promise<void> {
  await Promise.all(cores.urls.map((_, index) => cores.kill(index)))
}

async function restartAll(cores: Scene['cores']): Promise<void> {
  for (const [index] of cores.urls.entries()) await cores.restart(index)
}
