import { isIP } from 'node:net'

/** Where a core listens: its origin, and the path of the app below it. */
export interface CoreUrl {
  readonly origin: string
  /** Empty, or `/apps/shop`. */
  readonly basePath: string
  /** Whether an API key would travel in clear text over a network. */
  readonly isInsecure: boolean
}

/** Reads the URL of a core; a string says what is wrong with it. */
export function parseCoreUrl(text: string): CoreUrl | string {
  if (!URL.canParse(text)) return `core: "${text}" is not a URL`
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'core: the URL must start with https:// or http://'
  }
  if (url.username !== '' || url.password !== '') {
    return 'core: the URL must not hold a user name or password; use apiKey'
  }
  if (url.search !== '' || url.hash !== '') return 'core: the URL must not have a query or fragment'
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    isInsecure: url.protocol === 'http:' && !isLoopbackHost(url.hostname),
  }
}

/** Whether a host name (as `URL.hostname` spells it) is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]')
    return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}
