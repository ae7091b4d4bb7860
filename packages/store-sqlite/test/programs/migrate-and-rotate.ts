/**
 * Migrates, and then races its like: 60 rotations from whatever hash is current. Prints how many of
 * its own advanced, and at the end of them the generation it saw last.
 */
import { newRow, rotationFrom } from '../rows-for-tests.ts'
import { openStore } from './open-store.ts'

const ROTATIONS = 60
const store = openStore()
await store.migrate()
const row = newRow('shared')
await store.insert(row, null)
const name = process.argv[3] ?? ''
let advanced = 0
for (let index = 0; index < ROTATIONS; index += 1) {
  const session = await store.find(row)
  if (session === undefined) throw new Error('the row is gone')
  const outcome = await store.rotate(row, rotationFrom(session, name))
  if (outcome?.advanced) advanced += 1
}
await store.close()
process.stdout.write(`${advanced}\n`)
