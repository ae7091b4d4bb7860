import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import {
  carriesBody,
  LIMITS,
  type Operation,
  type Outcome,
  ok,
  ROUTES,
  refuse,
  shapes,
} from '@pawl/protocol'

const JSON_TYPE = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i

type Fields = { readonly [name: string]: unknown }

/**
 * The fields of a request: those of the path, and those of the query (GET, DELETE) or the JSON
 * body. A field given twice is refused. Schemas are applied later, by the core.
 */
export async function readInput(
  request: IncomingMessage,
  target: { readonly operation: Operation; readonly params: { readonly [name: string]: string } },
  query: string,
): Promise<Outcome<Fields>> {
  const { operation, params } = target
  const given = carriesBody(ROUTES[operation].method)
    ? await readBody(request)
    : readQuery(operation, query)
  if (given.kind === 'refused') return given
  const names = Object.keys(params)
  if (names.length === 0) return given
  const twice = names.find((name) => Object.hasOwn(given.value, name))
  if (twice !== undefined) return refuse('invalid_request', `${twice}: is given by the path`)
  return ok({ ...given.value, ...params })
}

function readQuery(operation: Operation, query: string): Outcome<Fields> {
  const fields: Record<string, unknown> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(fields, name)) return refuse('invalid_request', 'a query field is repeated')
    fields[name] = isNumeric(operation, name) && /^\d{1,15}$/.test(value) ? Number(value) : value
  }
  return ok({ ...fields })
}

interface SchemaLike {
  readonly type: string
  readonly wrapped?: SchemaLike
  readonly pipe?: readonly SchemaLike[]
}

/** Whether the schema wants a number: a query holds texts only. */
function isNumeric(operation: Operation, name: string): boolean {
  const entries: { readonly [name: string]: SchemaLike } = shapes[operation].request.entries
  let schema = Object.hasOwn(entries, name) ? entries[name] : undefined
  while (schema?.wrapped !== undefined) schema = schema.wrapped
  return schema?.type === 'number'
}

async function readBody(request: IncomingMessage): Promise<Outcome<Fields>> {
  const type = request.headers['content-type'] ?? ''
  if (!JSON_TYPE.test(type) || request.headers['content-encoding'] !== undefined) {
    return refuse('unsupported_media_type')
  }
  const bytes = await readBytes(request)
  if (bytes === 'too-large') {
    return refuse('payload_too_large', `at most ${LIMITS.bodyBytes} bytes are read`)
  }
  if (bytes === 'cut-off') return refuse('invalid_request', 'the body was cut off')
  if (bytes.length === 0) return ok({})
  const body = parseJson(bytes)
  if (body === undefined) return refuse('invalid_request', 'the body is not JSON in UTF-8')
  return isObject(body) ? ok(body) : refuse('invalid_request', 'the body is not a JSON object')
}

/** The value of JSON in UTF-8; undefined for any other bytes. */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** Whether a value of JSON is an object: not an array, not null. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The body of a request, at most `LIMITS.bodyBytes`. */
export function readBytes(request: IncomingMessage): Promise<Buffer | 'too-large' | 'cut-off'> {
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.bodyBytes) {
    return Promise.resolve('too-large')
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > LIMITS.bodyBytes) {
        request.pause()
        resolve('too-large')
      } else {
        chunks.push(chunk)
      }
    })
    request.on('end', () => {
      const [first] = chunks
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks))
    })
    // A connection that breaks is an error only to those who listen for one.
    request.on('close', () => resolve('cut-off'))
  })
}
