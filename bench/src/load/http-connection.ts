import { once } from 'node:events'
import { connect } from 'node:net'

/** What a server answered; `body` is text. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** A connection that stays open and carries one request at a time. */
export interface HttpConnection {
  /** Itself, or another in its place: a server closes those that stand idle for long. */
  fresh(): Promise<HttpConnection>
  /** Sends the bytes of a whole request. */
  send(request: string): Promise<Answer>
  close(): void
}

const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: *(\d+)/i
const STATUS_AT = 'HTTP/1.1 '.length
/** Far below the idle time after which the service closes a connection. */
const FRESH_MS = 20_000

/**
 * A client that does as little as can be: on a machine that it shares with the server, what it
 * costs is missing there. It takes ASCII answers with a `Content-Length`, and nothing else.
 */
export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.setEncoding('latin1')
  await once(socket, 'connect')
  let text = ''
  let wanted: PromiseWithResolvers<Answer> | undefined
  let usedMs = performance.now()
  const fail = (why: string): void => {
    wanted?.reject(new Error(why))
    wanted = undefined
  }
  socket.on('data', (chunk: string) => {
    text = text === '' ? chunk : text + chunk
    const headEnd = text.indexOf(HEAD_END)
    if (headEnd < 0) return
    const length = LENGTH.exec(text)?.[1]
    if (length === undefined) return fail(`no length: ${text.slice(0, headEnd)}`)
    const bodyAt = headEnd + HEAD_END.length
    if (text.length < bodyAt + Number(length)) return
    const answer = {
      status: Number(text.slice(STATUS_AT, STATUS_AT + 3)),
      body: text.slice(bodyAt),
    }
    text = ''
    const waiting = wanted
    wanted = undefined
    usedMs = performance.now()
    waiting?.resolve(answer)
  })
  socket.on('close', () => fail('the server closed the connection'))
  socket.on('error', (error) => fail(error.message))
  const connection: HttpConnection = {
    fresh: async () => {
      if (socket.writable && performance.now() - usedMs < FRESH_MS) return connection
      socket.destroy()
      return openConnection(port)
    },
    send: (request) => {
      if (!socket.writable) return Promise.reject(new Error('the server has closed the connection'))
      wanted = Promise.withResolvers()
      socket.write(request, 'latin1')
      return wanted.promise
    },
    close: () => socket.destroy(),
  }
  return connection
}

/** The bytes of a request with a JSON body, or of a GET without one. */
export function requestText(
  path: string,
  more: { readonly body?: object; readonly headers?: readonly string[] } = {},
): string {
  const { headers = [] } = more
  const lines = [...headers, 'Host: 127.0.0.1']
  if (more.body === undefined) return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
  const body = JSON.stringify(more.body)
  lines.push('Content-Type: application/json', `Content-Length: ${body.length}`)
  return [`POST ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}
