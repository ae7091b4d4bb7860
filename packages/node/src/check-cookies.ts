import { INSECURE_COOKIES } from '@pawl/protocol'
import { getDomain } from 'tldts'
import { type CookieScope, cookieScope } from './http/cookies.ts'
import type { CookieOptions, FormerCookies, PawlOptions } from './options.ts'

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
/** The prefixes that browsers know begin with an underscore: ours alone to set. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/
/** Most former configurations of cookies. */
const FORMER_MAX = 8

/** Adds what is wrong with the options of cookies to `faults`, one sentence each. */
export function checkCookies(options: PawlOptions, faults: string[]): void {
  const cookies = options.cookies ?? {}
  const { sameSite = 'lax', domain, name, partitioned, hostHttpPrefix } = cookies
  const { dangerouslyAllowHttp } = cookies
  if (!['lax', 'strict', 'none'].includes(sameSite)) {
    faults.push('cookies.sameSite: must be lax, strict or none')
  }
  if (name !== undefined && !NAME.test(name)) {
    faults.push('cookies.name: must be 1 to 32 letters, digits, - or _, a letter or digit first')
  }
  if (domain !== undefined && !DOMAIN.test(domain)) {
    faults.push('cookies.domain: must be a registered domain in lower case, without a leading dot')
  }
  if (domain !== undefined && DOMAIN.test(domain) && isPublicSuffix(domain)) {
    faults.push(
      `cookies.domain: "${domain}" is a public suffix: browsers keep no cookies of one, for strangers share it`,
    )
  }
  if (domain !== undefined && hostHttpPrefix) {
    faults.push('cookies.hostHttpPrefix: cookies of a domain cannot be host cookies')
  }
  if (partitioned && sameSite !== 'none') {
    faults.push("cookies.partitioned: needs sameSite: 'none'")
  }
  if (dangerouslyAllowHttp && (sameSite === 'none' || hostHttpPrefix)) {
    faults.push('cookies.dangerouslyAllowHttp: SameSite=None and prefixes need HTTPS')
  }
  checkFormer(cookies, faults)
  if (options.csrf === 'dangerously-off' && (sameSite === 'none' || domain !== undefined)) {
    faults.push("csrf: cannot be off with cookies.sameSite 'none' or cookies.domain")
  }
}

/** Whether names right below this one belong to anybody: https://publicsuffix.org, both parts. */
function isPublicSuffix(domain: string): boolean {
  return getDomain(domain, { allowPrivateDomains: true }) === null
}

function checkFormer(cookies: CookieOptions, faults: string[]): void {
  const { former = [] } = cookies
  if (!Array.isArray(former) || former.length > FORMER_MAX) {
    faults.push(`cookies.former: must be a list of at most ${FORMER_MAX} configurations`)
    return
  }
  for (const [index, one] of former.entries()) {
    try {
      const { accessCookie } = cookieScopesOf(one)
      if (accessCookie.name === namesOf(cookies).access && isSameScope(one, cookies)) {
        faults.push(`cookies.former: number ${index} is the present configuration`)
      }
    } catch (error) {
      faults.push(`cookies.former: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Whether a browser takes cookies of one name from both for the same. */
function isSameScope(former: FormerCookies, present: CookieOptions): boolean {
  const { path = '/', partitioned = false, domain } = former
  return path === '/' && domain === present.domain && partitioned === (present.partitioned ?? false)
}

/** The scopes of both cookies. Throws a `TypeError` on a character that could split one. */
export function cookieScopesOf(cookies: CookieOptions | FormerCookies): {
  accessCookie: CookieScope
  refreshCookie: CookieScope
} {
  const { sameSite = 'lax', domain, partitioned = false, dangerouslyAllowHttp = false } = cookies
  const { path = '/', names = namesOf(cookies) } = cookies as FormerCookies
  const shared = { path, domain, secure: !dangerouslyAllowHttp, sameSite, partitioned }
  return {
    accessCookie: cookieScope({ ...shared, name: names.access }),
    refreshCookie: cookieScope({ ...shared, name: names.refresh }),
  }
}

function namesOf({ name, domain, ...cookies }: CookieOptions | FormerCookies): {
  readonly access: string
  readonly refresh: string
} {
  const bare =
    name === undefined ? INSECURE_COOKIES : { access: `${name}-at`, refresh: `${name}-rt` }
  if (cookies.dangerouslyAllowHttp) return bare
  const hostPrefix = cookies.hostHttpPrefix ? '__Host-Http-' : '__Host-'
  const prefix = domain === undefined ? hostPrefix : '__Secure-'
  return { access: prefix + bare.access, refresh: prefix + bare.refresh }
}
