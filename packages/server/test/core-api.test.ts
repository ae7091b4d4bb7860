import type { SessionEvent } from '@pawl/core'
import { embedCore, generateSecret } from '@pawl/embedded'
import type { CoreApi } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { manualClock } from '../../embedded/test/manual-clock.ts'
import { generateApiKey } from '../src/http/api-keys.ts'
import { startServer } from '../src/index.ts'
import { describeCoreApi } from './describe-core-api.ts'
import { httpCoreClient } from './http-core-client.ts'

const tenants = { default: { acme: {} } }
const apps = { shop: {} }

describeCoreApi('embedded in the process', async () => {
  const clock = manualClock()
  const store = memoryStore()
  const events: SessionEvent[] = []
  const core = await embedCore({
    ...{ store, clock, secret: generateSecret(), apps, tenants },
    onEvent: (event) => events.push(event),
  })
  return { core, shop: core.app('shop') as CoreApi, clock, store, events, close: core.close }
})

describeCoreApi('behind a URL', async () => {
  const clock = manualClock()
  const store = memoryStore()
  const events: SessionEvent[] = []
  const { key } = generateApiKey()
  const server = await startServer({
    ...{ port: 0, storeInstance: store, clock, apps, tenants, apiKeys: [key] },
    logLevel: 'silent',
    onEvent: (event) => events.push(event),
  })
  const core = httpCoreClient(server.url, key)
  const shop = httpCoreClient(`${server.url}/apps/shop`, key)
  async function close(): Promise<void> {
    await Promise.all([core.close(), shop.close()])
    await server.close()
  }
  return { core, shop, clock, store, events, close }
})
