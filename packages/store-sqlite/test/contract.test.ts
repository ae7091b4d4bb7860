import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStore } from '@pawl/store-sqlite'
import { describeStore } from '@pawl/store-testkit'

describeStore('the SQLite store', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pawl-sqlite-'))
  const open = () => sqliteStore({ path: path.join(folder, 'pawl.db') })
  return {
    store: open(),
    reopen: async () => open(),
    close: () => rm(folder, { recursive: true }),
  }
})
