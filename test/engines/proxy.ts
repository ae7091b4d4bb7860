import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire between a client and a server, with a hand on it. */
export interface TcpProxy {
  readonly port: number
  /** The same URL with this proxy's address in it. */
  through(url: string): string
  /** How many connections there are. */
  connections(): number
  /** Cuts every connection (RST); new ones are let through. */
  cut(): void
  /** Nothing passes in either direction, new connections included, until `flow`. */
  stall(): void
  /** What the server answers no longer arrives, until `flow`; requests still do. */
  stallAnswers(): void
  /** Cuts every connection as soon as the server's next answer arrives, which is not passed on. */
  cutAtNextAnswer(): void
  /** Each piece of data arrives so many milliseconds later; 0 ends it. */
  delay(delayMs: number): void
  /** New connections are cut at once, until `flow`. */
  refuse(): void
  /** Back to a plain wire. */
  flow(): void
  close(): Promise<void>
}

type Mode = 'flow' | 'stall' | 'stall-answers' | 'cut-at-answer' | 'refuse'

interface Wire {
  readonly client: Socket
  readonly server: Socket
}

/** Starts a proxy in front of a server of the loopback, on a free port. */
export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const wires = wiresTo(target)
  const listener = createServer(wires.accept).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    through: (url) => withPort(url, address.port),
    connections: wires.count,
    cut: wires.cut,
    stall: () => wires.become('stall'),
    stallAnswers: () => wires.become('stall-answers'),
    cutAtNextAnswer: () => wires.become('cut-at-answer'),
    delay: wires.delay,
    refuse: () => wires.become('refuse'),
    flow: () => wires.become('flow'),
    close: async () => {
      wires.cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function wiresTo(target: { readonly host: string; readonly port: number }) {
  const wires = new Set<Wire>()
  let mode: Mode = 'flow'
  let delayMs = 0

  function cut(): void {
    for (const { client, server } of wires) {
      client.resetAndDestroy()
      server.destroy()
    }
    wires.clear()
  }

  function carry(from: Socket, to: Socket, isAnswer: boolean): void {
    from.on('data', (chunk) => {
      if (isAnswer && mode === 'cut-at-answer') {
        mode = 'flow'
        cut()
        return
      }
      const pass = () => void (to.writable && to.write(chunk))
      if (delayMs > 0) setTimeout(pass, delayMs)
      else pass()
    })
  }

  function obey(): void {
    for (const { client, server } of wires) {
      if (mode === 'stall') client.pause()
      else client.resume()
      if (mode === 'stall' || mode === 'stall-answers') server.pause()
      else server.resume()
    }
  }

  function accept(client: Socket): void {
    client.on('error', () => {})
    if (mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const server = connect(target.port, target.host)
    const wire = { client, server }
    wires.add(wire)
    tie(wire, () => wires.delete(wire))
    carry(client, server, false)
    carry(server, client, true)
    obey()
  }

  return {
    accept,
    cut,
    count: () => wires.size,
    become: (next: Mode) => {
      mode = next
      obey()
    },
    delay: (ms: number) => {
      delayMs = ms
    },
  }
}

/** Ends both sockets of a wire when one ends. */
function tie({ client, server }: Wire, onEnd: () => void): void {
  server.on('error', () => {})
  for (const socket of [client, server]) {
    socket.setNoDelay(true)
    socket.on('close', () => {
      onEnd()
      client.destroy()
      server.destroy()
    })
  }
}

function withPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.hostname = '127.0.0.1'
  changed.port = String(port)
  return changed.href
}
