/** The demo as a process: pages on one port, their API on the next, until it is told to stop. */
import { startDemo } from './start-demo.ts'

const HIGHEST_PORT = 65_535

function portFrom(name: string, fallback: number): number {
  const text = process.env[name] ?? ''
  const port = text === '' ? fallback : Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT) return port
  throw new Error(`${name} must be a port from 0 to ${HIGHEST_PORT}, but is "${text}"`)
}

const pagePort = portFrom('DEMO_PORT', 3000)
const demo = await startDemo({
  coreUrl: process.env.PAWL_CORE_URL ?? 'http://127.0.0.1:3567',
  apiKey: process.env.PAWL_API_KEY,
  pagePort,
  apiPort: portFrom('DEMO_API_PORT', pagePort === 0 ? 0 : pagePort + 1),
})
console.log(`demo ${demo.pageUrl} api ${demo.apiUrl}`)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void demo.close())
}
