/** A core of the feed test in a process of its own: `node core-process.ts <data dir> <tenants>`. */
import { startServer } from '@pawl/server'

const [dataDir = '', tenants = ''] = process.argv.slice(2)
const names = tenants.split(',').map((name) => [name, {}] as const)
const server = await startServer({
  port: 0,
  dataDir,
  tenants: { default: Object.fromEntries(names) },
  logLevel: 'silent',
})
process.send?.({ url: server.url })
process.once('disconnect', () => void server.close().finally(() => process.exit()))
