import type { CoreTls } from './core/core-pool.ts'
import type { CookieOptions, FormerCookies, PawlOptions } from './options.ts'

type Kind = 'boolean' | 'string' | 'checked elsewhere'
type Kinds = { readonly [name: string]: Kind }
/** Complete: the compiler misses a name that is left out. */
type Names<T> = { readonly [K in keyof Required<T>]: Kind }

const COOKIES: Names<CookieOptions> = {
  sameSite: 'checked elsewhere',
  domain: 'checked elsewhere',
  name: 'checked elsewhere',
  hostHttpPrefix: 'boolean',
  partitioned: 'boolean',
  dangerouslyAllowHttp: 'boolean',
  former: 'checked elsewhere',
}
const { former: _, ...FORMER_LIKE_PRESENT } = COOKIES
const FORMER: Names<FormerCookies> = {
  ...FORMER_LIKE_PRESENT,
  domain: 'string',
  name: 'string',
  path: 'string',
  names: 'checked elsewhere',
}
const FORMER_NAMES: Names<NonNullable<FormerCookies['names']>> = {
  access: 'string',
  refresh: 'string',
}
const CORS: Names<NonNullable<PawlOptions['cors']>> = {
  requestHeaders: 'checked elsewhere',
  responseHeaders: 'checked elsewhere',
}
const CORE_TLS: Names<CoreTls> = { ca: 'string', cert: 'string', key: 'string' }

/**
 * Adds what is wrong with the names and types of options one level down: a name that does not exist
 * would be left out in silence. False if one is no object at all, so that nothing below it can be
 * looked at.
 */
export function checkNested(options: PawlOptions, faults: string[]): boolean {
  const { cookies, cors, coreTls, limits } = options
  const look = (at: string, value: unknown, known?: Kinds): boolean => {
    if (value === undefined) return true
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      faults.push(`${at}: must be an object`)
      return false
    }
    if (known !== undefined) faults.push(...faultsOf(at, value, known))
    return true
  }
  const former: readonly unknown[] = Array.isArray(cookies?.former) ? cookies.former : []
  return [
    look('cookies', cookies, COOKIES),
    look('cors', cors, CORS),
    look('coreTls', coreTls, CORE_TLS),
    look('limits', limits),
    ...former.map((one) => {
      const names = (one as FormerCookies | null)?.names
      return (
        look('cookies.former', one, FORMER) && look('cookies.former.names', names, FORMER_NAMES)
      )
    }),
  ].every(Boolean)
}

function faultsOf(at: string, value: object, kinds: Kinds): readonly string[] {
  return Object.entries(value).flatMap(([name, one]) => {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind === undefined) {
      return [`${at}.${name}: there is no such option; there is ${Object.keys(kinds).join(', ')}`]
    }
    if (one === undefined || kind === 'checked elsewhere' || typeof one === kind) return []
    return [`${at}.${name}: must be ${kind === 'boolean' ? 'true or false' : 'a text'}`]
  })
}
