import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStore } from '@pawl/store-sqlite'
import { describeStore, type OpenStore } from '@pawl/store-testkit'
import { isChosen } from '../../../test/engines/index.ts'

function openStore(thread: 'when-busy' | 'from-start'): OpenStore {
  return async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'pawl-sqlite-'))
    const open = () => sqliteStore({ path: path.join(folder, 'pawl.db'), thread })
    return {
      store: open(),
      reopen: async () => open(),
      close: () => rm(folder, { recursive: true }),
    }
  }
}

/** `PAWL_SEQUENCES=2000` runs as many random sequences, of another `PAWL_SEED` if that is given. */
const runs = Number(process.env.PAWL_SEQUENCES ?? 200)
const seed = Number(process.env.PAWL_SEED ?? 1)

if (isChosen('sqlite')) {
  describeStore('the SQLite store', openStore('when-busy'), { runs, seed })
  const few = { runs: Math.ceil(runs / 10), seed: seed + 1 }
  describeStore('the SQLite store with a thread', openStore('from-start'), few)
}
