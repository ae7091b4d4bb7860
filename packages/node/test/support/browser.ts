import type { Pawl } from '@pawl/node'

/** A front end with a cookie jar that talks to a driver without a network. */
export interface Browser {
  readonly jar: Map<string, string>
  /** A request of this front end: same origin unless the headers say otherwise. */
  request(method: string, path: string, headers?: Record<string, string>): Request
  /** Calls one of the driver's own routes and keeps the cookies of the answer. */
  call(path: string, headers?: Record<string, string>): Promise<Response>
  /** Keeps what a response set. */
  keep(headers: Headers): void
}

export function browser(pawl: Pawl): Browser {
  const jar = new Map<string, string>()
  const self: Browser = {
    jar,
    request: (method, path, headers = {}) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const all = new Headers({ 'sec-fetch-site': 'same-origin', ...headers })
      if (cookie !== '' && !all.has('cookie')) all.set('cookie', cookie)
      return new Request(`https://app.example.com${path}`, { method, headers: all })
    },
    call: async (path, headers) => {
      const response = await pawl.handler(self.request('POST', path, headers))
      if (response === undefined) throw new Error(`${path} is not a route of the driver`)
      self.keep(response.headers)
      return response
    },
    keep: (headers) => {
      for (const line of headers.getSetCookie()) {
        const [pair = ''] = line.split(';')
        const at = pair.indexOf('=')
        const value = pair.slice(at + 1)
        if (/; Max-Age=0;/.test(line)) jar.delete(pair.slice(0, at))
        else jar.set(pair.slice(0, at), value)
      }
    },
  }
  return self
}

export const REFRESH = '/auth/session/refresh'
export const SIGN_OUT = '/auth/session/sign-out'

/** The session header of a response, decoded. */
export function sessionInfo(headers: Headers): { [name: string]: unknown } {
  const text = headers.get('pawl-session') ?? ''
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
}
