import { COOKIES, INSECURE_COOKIES } from '@pawl/protocol'
import { getDomain } from 'tldts'
import { type CookieScope, cookieScope } from './http/cookies.ts'
import type { CookieOptions, FormerCookies, PawlOptions } from './options.ts'

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
/** Most former configurations of cookies. */
const FORMER_MAX = 8

/** Adds what is wrong with the options of cookies to `faults`, one sentence each. */
export function checkCookies(options: PawlOptions, faults: string[]): void {
  const cookies = options.cookies ?? {}
  const { sameSite = 'lax', domain, partitioned, hostHttpPrefix, dangerouslyAllowHttp } = cookies
  if (!['lax', 'strict', 'none'].includes(sameSite)) {
    faults.push('cookies.sameSite: must be lax, strict or none')
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

function namesOf(cookies: CookieOptions | FormerCookies): {
  readonly access: string
  readonly refresh: string
} {
  if (cookies.dangerouslyAllowHttp) return INSECURE_COOKIES
  const rename = (prefix: string) => ({
    access: prefix + INSECURE_COOKIES.access,
    refresh: prefix + INSECURE_COOKIES.refresh,
  })
  if (cookies.domain !== undefined) return rename('__Secure-')
  return cookies.hostHttpPrefix ? rename('__Host-Http-') : COOKIES
}
