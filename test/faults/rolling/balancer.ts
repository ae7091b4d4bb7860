import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** One address in front of several cores, as in front of those that are upgraded one by one. */
export interface Balancer {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Hands each connection to the next port that takes it; all that fail: the connection is cut. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0

  async function connectToOne(): Promise<Socket | undefined> {
    for (const _ of ports) {
      turn += 1
      const socket = await tryConnect(ports[turn % ports.length] ?? 0)
      if (socket !== undefined) return socket
    }
    return undefined
  }

  const listener = createServer(async (client) => {
    client.on('error', () => {})
    const server = await connectToOne()
    if (server === undefined) return void client.destroy()
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      open.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
    if (client.destroyed) server.destroy()
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the balancer has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      listener.close()
      for (const socket of open) socket.destroy()
      await once(listener, 'close')
    },
  }
}

async function tryConnect(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>()
  socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined))
  return await promise
}
