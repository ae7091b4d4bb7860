import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a gateway does with a kind of request: passes it, holds its answer back, or cuts it. */
export type Treatment = 'pass' | 'hold' | 'cut'

/** A gateway in front of a core that treats the feed apart from everything else. */
export interface FeedGateway {
  readonly url: string
  /** Requests for the feed so far, streams and calls. */
  readonly feeds: { streams: number; calls: number }
  /** From now on; what is under way is cut if it is no longer passed. */
  set(treatment: { stream?: Treatment; calls?: Treatment; rest?: Treatment }): void
  close(): Promise<void>
}

/** Starts a gateway on a free port. */
export async function startGateway(coreUrl: string): Promise<FeedGateway> {
  const treatment: { stream: Treatment; calls: Treatment; rest: Treatment } = {
    stream: 'pass',
    calls: 'pass',
    rest: 'pass',
  }
  const feeds = { streams: 0, calls: 0 }
  const underWay = new Map<() => void, keyof typeof treatment>()
  const server = createServer((request, response) => {
    const isFeed = request.url?.startsWith('/v1/revocations') === true
    const isStream = isFeed && request.headers.accept === 'text/event-stream'
    const kind = isStream ? 'stream' : isFeed ? 'calls' : 'rest'
    if (isFeed) feeds[isStream ? 'streams' : 'calls'] += 1
    if (treatment[kind] === 'cut') {
      request.socket.resetAndDestroy()
      return
    }
    const { method, headers } = request
    const onward = send(coreUrl + request.url, { method, headers, agent: false }, (answer) => {
      if (treatment[kind] === 'hold') return
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    const cut = (): void => {
      onward.destroy()
      request.socket.destroy()
    }
    underWay.set(cut, kind)
    onward.on('error', () => request.socket.destroy())
    response.on('close', () => {
      underWay.delete(cut)
      onward.destroy()
    })
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    feeds,
    set: (next) => {
      Object.assign(treatment, next)
      for (const [cut, kind] of underWay) if (treatment[kind] !== 'pass') cut()
    },
    close: async () => {
      for (const cut of underWay.keys()) cut()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
