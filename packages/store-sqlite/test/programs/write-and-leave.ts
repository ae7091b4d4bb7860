/** Writes from a thread, closes nothing, and has nothing left to do. */
import { sqliteStore } from '@pawl/store-sqlite'
import { newRow } from '../rows-for-tests.ts'

const [, , file = ''] = process.argv
const store = sqliteStore({ path: file, thread: 'from-start' })
await store.migrate()
for (let index = 0; index < 200; index += 1) await store.insert(newRow(`${index}`), null)
process.stdout.write('done\n')
