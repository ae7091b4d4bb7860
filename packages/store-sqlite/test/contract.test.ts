import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStore } from '@pawl/store-sqlite'
import { describeStore, type OpenStore } from '@pawl/store-testkit'

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

describeStore('the SQLite store', openStore('when-busy'))
describeStore('the SQLite store with a thread', openStore('from-start'), { runs: 20, seed: 2 })
