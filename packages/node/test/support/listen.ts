import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/**
 * Waits until a server listens on a port of its own, and gives its URL. After the test its
 * connections are closed, it, and then what stands behind it, in the order given.
 */
export async function listen(
  context: TestContext,
  server: Server,
  behind: readonly { readonly close: () => Promise<unknown> }[] = [],
): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  context.after(async () => {
    server.closeAllConnections()
    server.close()
    for (const one of behind) await one.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
