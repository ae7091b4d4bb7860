/**
 * A driver of the feed test in a process of its own: `node driver-process.ts <core URL>`. Verifies
 * every token it is told of, over and over, and tells when one is refused for the first time.
 */
import { createPawl } from '@pawl/node'

/** What the driver tells: ready, watching, or that a token was refused. */
export type DriverMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'watching' }
  | { readonly kind: 'refused'; readonly id: number; readonly code: string; readonly atMs: number }

/** Tokens to watch, by number. */
export interface WatchOrder {
  readonly tokens: readonly { readonly id: number; readonly token: string }[]
}

const ROUND_EVERY_MS = 10

const pawl = createPawl({ core: process.argv[2] ?? '', onFault: () => {} })
const watched = new Map<number, string>()

const tell = (message: DriverMessage): void => void process.send?.(message)

async function verifyAll(): Promise<void> {
  for (const [id, token] of watched) {
    const outcome = await pawl.verify(token)
    if (outcome.kind === 'ok') continue
    watched.delete(id)
    tell({ kind: 'refused', id, code: outcome.code, atMs: Date.now() })
  }
}

async function verifyForEver(): Promise<void> {
  await verifyAll()
  setTimeout(verifyForEver, ROUND_EVERY_MS)
}

process.on('message', async (order: WatchOrder) => {
  for (const { id, token } of order.tokens) watched.set(id, token)
  await verifyAll()
  tell({ kind: 'watching' })
})
process.once('disconnect', () => process.exit())

await pawl.ready()
void verifyForEver()
tell({ kind: 'ready' })
