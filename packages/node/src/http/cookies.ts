/** A cookie as we set it: the name and everything behind `Max-Age`. */
export interface CookieScope {
  readonly name: string
  /** `; Path=/; Secure; …`: the same when the cookie is set and when it is cleared. */
  readonly attributes: string
}

/** Longest cookie, name and value together, in bytes: browsers ignore longer ones (rfc6265bis). */
const COOKIE_BYTES_MAX = 4096
/** Longest life of a cookie, in seconds: 400 days (rfc6265bis section 5.5). */
const COOKIE_MAX_AGE_MAX_SECONDS = 400 * 86_400

/**
 * How many cookies of one name are read: more than one refresh may present, so that a few that can
 * be no token do not hide one that is.
 */
export const DUPLICATES_MAX = 16

const NAME = /^[A-Za-z0-9_-]{1,64}$/
/** What tokens are made of: no quote, comma, semicolon, white space, control or non-ASCII. */
const VALUE = /^[A-Za-z0-9._~-]*$/
const ATTRIBUTE = /^[A-Za-z0-9._/-]+$/

const EQUALS = 0x3d
const SPACE = 0x20
const TAB = 0x09

const NONE: readonly string[] = []

/**
 * Every value of the cookies of one name, in the order sent. Names match byte for byte; only SP and
 * HTAB are trimmed. Of more than {@link DUPLICATES_MAX} the further ones are not read.
 */
export function readCookies(header: string | null, name: string): readonly string[] {
  if (header === null) return NONE
  let found: string[] | undefined
  // From one semicolon to the next: tokens hold many a first character of the name, but none.
  for (let from = 0; from < header.length; ) {
    const semicolon = header.indexOf(';', from)
    const end = semicolon < 0 ? header.length : semicolon
    let at = from
    while (at < end && isBlank(header.charCodeAt(at))) at += 1
    const valueAt = at + name.length + 1
    if (
      valueAt <= end &&
      header.charCodeAt(valueAt - 1) === EQUALS &&
      header.startsWith(name, at)
    ) {
      const value = trimmed(header, valueAt, end)
      if (found === undefined) found = [value]
      else if (found.push(value) >= DUPLICATES_MAX) break
    }
    from = end + 1
  }
  return found ?? NONE
}

function trimmed(header: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(header.charCodeAt(start))) start += 1
  while (end > start && isBlank(header.charCodeAt(end - 1))) end -= 1
  return header.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** Where a cookie applies and who may read it. */
export interface ScopeOptions {
  readonly name: string
  readonly path: string
  readonly domain: string | undefined
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned: boolean
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const

/**
 * The scope of a cookie of ours; always `HttpOnly`. Throws a `TypeError` on a character that could
 * split it.
 */
export function cookieScope(options: ScopeOptions): CookieScope {
  const { name, path, domain, secure, sameSite, partitioned } = options
  if (!NAME.test(name)) throw new TypeError('a cookie name holds a forbidden character')
  if (!ATTRIBUTE.test(path)) throw new TypeError('a cookie path holds a forbidden character')
  if (domain !== undefined && !ATTRIBUTE.test(domain)) {
    throw new TypeError('a cookie domain holds a forbidden character')
  }
  const parts = [`Path=${path}`]
  if (domain !== undefined) parts.push(`Domain=${domain}`)
  if (secure) parts.push('Secure')
  parts.push('HttpOnly', `SameSite=${SAME_SITE[sameSite]}`)
  if (partitioned) parts.push('Partitioned')
  return { name, attributes: `; ${parts.join('; ')}` }
}

/** Whether a browser would keep this cookie. */
export function fitsCookie(scope: CookieScope, value: string): boolean {
  return scope.name.length + value.length <= COOKIE_BYTES_MAX
}

/**
 * The line that sets a cookie; without an age it ends with the browser. Throws a `TypeError` on a
 * value that is not made of token characters.
 */
export function cookieLine(
  scope: CookieScope,
  value: string,
  maxAgeSeconds: number | null,
): string {
  if (!VALUE.test(value)) throw new TypeError('a cookie value holds a forbidden character')
  if (!fitsCookie(scope, value)) throw new TypeError('a cookie is larger than browsers keep')
  if (maxAgeSeconds === null) return `${scope.name}=${value}${scope.attributes}`
  const age = Math.min(Math.max(0, Math.floor(maxAgeSeconds)), COOKIE_MAX_AGE_MAX_SECONDS)
  return `${scope.name}=${value}; Max-Age=${age}${scope.attributes}`
}

/** The line that removes a cookie: the same scope, so that no ghost of it stays. */
export function clearingLine(scope: CookieScope): string {
  return `${scope.name}=; Max-Age=0${scope.attributes}`
}
