/** A small cookie jar, as any HTTP client outside a browser may have one. Names and values only. */
export interface CookieJar {
  readonly get: (name: string) => string | undefined
  /** Takes the `Set-Cookie` lines of an answer. */
  readonly take: (lines: readonly string[]) => void
  /** The `Cookie` header to send. */
  readonly header: () => string
}

const COOKIES_MAX = 50

/** A jar that starts with what a `Cookie` header says. */
export function makeCookieJar(header: string): CookieJar {
  const cookies = new Map(readCookies(header).slice(0, COOKIES_MAX))
  return {
    get: (name) => cookies.get(name),
    take(lines) {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';')
        const [name, value] = splitPair(pair)
        const gone = attributes.some((one) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(one))
        if (gone) cookies.delete(name)
        else if (cookies.has(name) || cookies.size < COOKIES_MAX) cookies.set(name, value)
      }
    },
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  }
}

/** The pairs of a `Cookie` header, in their order. */
export function readCookies(header: string): readonly (readonly [string, string])[] {
  return header
    .split(';')
    .filter((pair) => pair.includes('='))
    .map(splitPair)
}

function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
}
