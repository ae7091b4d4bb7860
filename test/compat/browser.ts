/** How the tokens travel between a client and its backend. */
export type Transport = 'cookie' | 'header'

/** What a client holds. */
export interface Jar {
  readonly access: string
  readonly refresh: string
  readonly antiCsrf: string
}

/** An answer of the app. */
export interface Answer {
  readonly status: number
  /** The parsed body; the text under `text` when it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whether the answer brought an access token. */
  readonly broughtAccess: boolean
  /** Whether the answer told the client to forget its refresh token. */
  readonly clearedRefresh: boolean
}

/** A client of one app: what a browser's cookie jar, or the storage of a frontend SDK, would do. */
export interface Browser {
  readonly jar: () => Jar
  /** Puts an earlier state back: what a thief holds, or a browser that crashed. */
  readonly restore: (jar: Jar) => void
  readonly get: (path: string) => Promise<Answer>
  readonly send: (method: 'POST' | 'PUT', path: string, body?: unknown) => Promise<Answer>
  readonly refresh: () => Promise<Answer>
}

/** What a client is made of. */
export interface BrowserOptions {
  readonly appUrl: string
  readonly transport: Transport
  /** Whether it sends the header `rid`, as a frontend SDK does; default true. */
  readonly sendsRid?: boolean
}

const REQUEST_TIMEOUT_MS = 60_000
const names = { sAccessToken: 'access', sRefreshToken: 'refresh' } as const
const emptyJar: Jar = { access: '', refresh: '', antiCsrf: '' }

/** A client with an empty jar. */
export function openBrowser({ appUrl, transport, sendsRid = true }: BrowserOptions): Browser {
  let jar = emptyJar

  function headersFor(path: string): Record<string, string> {
    const isRefresh = path === '/auth/session/refresh'
    const headers: Record<string, string> = { 'st-auth-mode': transport }
    if (sendsRid) headers.rid = 'session'
    if (transport === 'header') {
      const token = isRefresh ? jar.refresh : jar.access
      if (token !== '') headers.authorization = `Bearer ${token}`
      return headers
    }
    const cookies: string[] = []
    if (jar.access !== '') cookies.push(`sAccessToken=${encodeURIComponent(jar.access)}`)
    // The SDKs scope this cookie to the path of the refresh.
    if (isRefresh && jar.refresh !== '') {
      cookies.push(`sRefreshToken=${encodeURIComponent(jar.refresh)}`)
    }
    if (cookies.length > 0) headers.cookie = cookies.join('; ')
    if (jar.antiCsrf !== '') headers['anti-csrf'] = jar.antiCsrf
    return headers
  }

  /** The tokens that the answer sets; an empty text where it clears one. */
  function tokensIn(headers: Headers): Partial<Jar> {
    const found: Record<string, string> = {}
    for (const cookie of headers.getSetCookie()) {
      const [, name, value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      const key = names[name as keyof typeof names]
      if (key !== undefined) found[key] = decodeURIComponent(value.replace(/^"(.*)"$/, '$1'))
    }
    const access = headers.get('st-access-token')
    const refresh = headers.get('st-refresh-token')
    const antiCsrf = headers.get('anti-csrf')
    if (transport === 'header' && access !== null) found.access = access
    if (transport === 'header' && refresh !== null) found.refresh = refresh
    if (antiCsrf !== null) found.antiCsrf = antiCsrf === 'remove' ? '' : antiCsrf
    return found
  }

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = headersFor(path)
    if (body !== undefined) headers['content-type'] = 'application/json'
    const response = await fetch(`${appUrl}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const tokens = tokensIn(response.headers)
    jar = { ...jar, ...tokens }
    return {
      status: response.status,
      body: parsed(await response.text()),
      broughtAccess: (tokens.access ?? '') !== '',
      clearedRefresh: tokens.refresh === '',
    }
  }

  return {
    jar: () => jar,
    restore: (earlier) => {
      jar = earlier
    },
    get: (path) => ask('GET', path),
    send: (method, path, body) => ask(method, path, body),
    refresh: () => ask('POST', '/auth/session/refresh'),
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? { ...value } : { text }
  } catch {
    return { text }
  }
}
