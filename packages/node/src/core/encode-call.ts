import { carriesBody, type Operation, type RequestOf, ROUTES } from '@pawl/protocol'

/** A call to the core as HTTP. */
export interface EncodedCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** JSON, or null for a call without a body. */
  readonly body: string | null
}

const PLACEHOLDER = /\{([a-z]+)\}/gi
/** Segments that do not stay in a path (RFC 3986 section 6.2.2.3). */
const NO_SEGMENTS: ReadonlySet<string> = new Set(['', '.', '..'])

/**
 * Writes a call by the route table: `{name}` in the path takes a field; the others travel in the
 * query (GET, DELETE) or in the JSON body. Values are percent-encoded, so no value can leave its
 * place. Undefined for a value that no path can hold: of nothing, `.` or `..` a proxy on the way
 * makes another path, which may be another call.
 */
export function encodeCall<K extends Operation>(
  operation: K,
  request: RequestOf<K>,
  basePath: string,
): EncodedCall | undefined {
  const { method, path } = ROUTES[operation]
  const fields: { [name: string]: unknown } = { ...request }
  let isWhole = true
  const filled = path.replace(PLACEHOLDER, (_all, name: string) => {
    const value = String(fields[name])
    if (NO_SEGMENTS.has(value)) isWhole = false
    delete fields[name]
    return encodeURIComponent(value)
  })
  if (!isWhole) return undefined
  if (carriesBody(method)) return { method, path: basePath + filled, body: JSON.stringify(fields) }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) query.set(name, String(value))
  }
  const text = query.toString()
  return { method, path: basePath + filled + (text === '' ? '' : `?${text}`), body: null }
}
