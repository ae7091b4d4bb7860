import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describeStore } from '@pawl/store-testkit'
import { emptyContent } from './content.ts'
import { sqlitePlace } from './place.ts'
import { swapStore } from './swap-store.ts'

describeStore('the example store of the guide', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-example-'))
  const file = path.join(folder, 'example.db')
  const open = () => swapStore(sqlitePlace(file, JSON.stringify(emptyContent)))
  return {
    store: open(),
    reopen: async () => open(),
    close: async () => rmSync(folder, { recursive: true }),
  }
})
