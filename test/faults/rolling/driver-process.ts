/**
 * A back end behind the driver: `node driver-process.ts <core URL>`. The test of a rolling upgrade
 * also runs a copy of this file beside an older release, whose driver it then has.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPawl } from '@pawl/node'
import { pawlListener } from '@pawl/node/node-http'

const pawl = createPawl({ core: process.argv[2] ?? '', onFault: () => {} })
const server = createServer(
  pawlListener(pawl, async (request, response, exchange) => {
    if (request.url === '/log-in') {
      await exchange.createSession({ userId: 'visitor' })
      response.end()
      return
    }
    const verdict = await exchange.guard()
    if (verdict.kind === 'session') response.end(verdict.session.userId)
    else if (verdict.kind === 'refused' && verdict.refusal.code === 'unavailable') {
      response.writeHead(503).end()
    } else response.writeHead(401).end()
  }),
)
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`)
})
// Ends with the test that started it, whatever becomes of that.
process.stdin.resume().once('end', () => process.exit())
