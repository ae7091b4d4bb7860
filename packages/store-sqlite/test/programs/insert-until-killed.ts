/** Inserts and rotates sessions, 16 at a time, and prints each once it was answered. */
import { newRow, rotationFrom } from '../rows-for-tests.ts'
import { openStore } from './open-store.ts'

const store = openStore()
await store.migrate()

async function work(worker: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const row = newRow(`${worker}-${index}`)
    await store.insert(row, null)
    process.stdout.write(`${JSON.stringify({ handle: row.handle, hash: row.curHash2 })}\n`)
    const rotation = rotationFrom(row)
    await store.rotate(row, rotation)
    const { curHash2: hash } = rotation.next
    process.stdout.write(`${JSON.stringify({ handle: row.handle, hash })}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, (_, worker) => work(worker)))
