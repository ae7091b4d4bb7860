/** Writes from a thread, closes nothing, and has nothing left to do. */
import { sqliteStore } from '@pawl/store-sqlite'
import { newRow } from '../rows-for-tests.ts'

const [, , file = '', writes = '200'] = process.argv
const store = sqliteStore({ path: file, thread: 'from-start' })
await store.migrate()
for (let index = 0; index < Number(writes); index += 1) {
  await store.insert(newRow(`${index}`), null)
}
process.stdout.write('done\n')
