import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** One request that the core saw, and its answer. */
export interface Exchange {
  readonly method: string
  /** With the query, as the SDK sent it. */
  readonly path: string
  /** The wire version that the SDK asked for; empty where it sends none. */
  readonly wireVersion: string
  readonly requestBody: string
  readonly status: number
  readonly answerBody: string
}

/** What stands between an SDK and the core, and remembers what went by. */
export interface Recorder {
  /** The core's address for the SDK. */
  readonly url: string
  readonly exchanges: readonly Exchange[]
  /** How often a path that ends so was called since `mark` was taken. */
  readonly countOf: (pathEnd: string, mark?: number) => number
  /** The place in time for `countOf`. */
  readonly mark: () => number
  /** Answers the next request for the path instead of the core, which never sees it. */
  readonly answerNext: (pathEnd: string, answer: unknown) => void
  /** Lets the next request for the path through, and loses the answer. */
  readonly loseNext: (pathEnd: string) => void
  readonly close: () => Promise<void>
}

/** The exchanges of an app are few; a runaway loop must not eat the memory. */
const EXCHANGES_MAX = 2_000

/** Starts a recorder in front of the core at `coreUrl`. */
export async function startRecorder(coreUrl: string): Promise<Recorder> {
  const agent = new Agent({ keepAlive: true })
  const exchanges: Exchange[] = []
  const answers = new Map<string, unknown>()
  const losses = new Set<string>()

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = incoming.url ?? ''
    const body = await buffer(incoming)
    const own = takeMatch(answers, path)
    if (own !== undefined) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(own))
      return
    }
    const asked = request(new URL(path, coreUrl), {
      agent,
      method: incoming.method ?? 'GET',
      headers: { ...incoming.headers, host: new URL(coreUrl).host },
    })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const answerBody = await buffer(answer)
    if (exchanges.length < EXCHANGES_MAX) {
      exchanges.push({
        method: incoming.method ?? '',
        path,
        wireVersion: String(incoming.headers['cdi-version'] ?? ''),
        requestBody: body.toString(),
        status: answer.statusCode ?? 0,
        answerBody: answerBody.toString(),
      })
    }
    const lost = [...losses].find((end) => endsWith(path, end))
    if (lost !== undefined) {
      losses.delete(lost)
      incoming.socket.destroy()
      return
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(answerBody)
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => {
      outgoing.writeHead(502).end(String(error))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    countOf: (pathEnd, mark = 0) =>
      exchanges.slice(mark).filter(({ path }) => endsWith(path, pathEnd)).length,
    mark: () => exchanges.length,
    answerNext: (pathEnd, answer) => void answers.set(pathEnd, answer),
    loseNext: (pathEnd) => void losses.add(pathEnd),
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function endsWith(path: string, end: string): boolean {
  return path.split('?')[0]?.endsWith(end) ?? false
}

function takeMatch(answers: Map<string, unknown>, path: string): unknown {
  const found = [...answers.keys()].find((end) => endsWith(path, end))
  if (found === undefined) return undefined
  const answer = answers.get(found)
  answers.delete(found)
  return answer
}

const TEXT_MAX = 600

/** The last exchanges, a line or two each, long tokens cut. */
export function describeExchanges(exchanges: readonly Exchange[], last: number): string {
  return exchanges
    .slice(-last)
    .map(
      (one) =>
        `${one.method} ${one.path} [${one.wireVersion}] ${cut(one.requestBody)}\n` +
        `    -> ${one.status} ${cut(one.answerBody.trim())}`,
    )
    .join('\n')
}

function cut(text: string): string {
  return text.replace(/[\w+/=.-]{60,}/g, (long) => `${long.slice(0, 16)}…`).slice(0, TEXT_MAX)
}
