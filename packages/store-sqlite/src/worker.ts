/**
 * The main file of the thread that writes. It says `ready` once the database is open; then a batch
 * comes in as a message and its answers go out as one, in the order of the batches; null ends it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { openWriter } from './writer.ts'
import type { WriteRequest } from './writes.ts'

const port = parentPort
if (port === null) throw new Error('this file is the main file of a worker thread')
const writer = openWriter(String((workerData as { readonly file: unknown }).file))

async function handle(requests: readonly WriteRequest[] | null): Promise<void> {
  if (requests !== null) port?.postMessage(await writer.commit(requests))
  else {
    await writer.close()
    port?.close()
  }
}

// A batch that waits for the write lock must not be overtaken by the next.
let tail = Promise.resolve()
port.on('message', (message: readonly WriteRequest[] | null) => {
  tail = tail.then(() => handle(message))
})
port.postMessage('ready')
