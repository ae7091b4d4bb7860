/**
 * A process that does for each request what no core can leave out: `node:http`, one JSON body read
 * and one written, the cryptography of a refresh; given a database, one write in it. It has no
 * rule, no checks, no log and no limits.
 *
 * Arguments: who signs (`here`, `pool`), the URL of a database of PostgreSQL, how many rows it has,
 * what is done to one of them (`swap`, `insert`).
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { leastWork } from '../least-work.ts'
import { openWrites } from './bare-writes.ts'

/** As long as the answer to a refresh. */
const ANSWER = JSON.stringify({ session: 's'.repeat(300), tokens: 't'.repeat(900) })

const [signer, url, rows, kind] = process.argv.slice(2)
const work = leastWork(signer === 'pool' ? 'pool' : 'here')
const write =
  url === undefined
    ? async () => {}
    : await openWrites(url, Number(rows), kind === 'insert' ? 'insert' : 'swap')
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', async () => {
    JSON.parse(body)
    await write()
    await work()
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': ANSWER.length,
    })
    response.end(ANSWER)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
