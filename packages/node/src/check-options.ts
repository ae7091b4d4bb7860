import { DEFAULT_BASE_PATH } from '@pawl/protocol'
import { checkCookies, cookieScopesOf } from './check-cookies.ts'
import { checkNested } from './check-nested.ts'
import type { Config } from './config.ts'
import { type CoreUrl, isLoopbackHost, parseCoreUrl } from './core/core-url.ts'
import { type ClientAddress, clientAddressReader, PROXY_HOPS_MAX } from './http/client-address.ts'
import { CSRF_MODES } from './http/csrf.ts'
import type { PawlOptions } from './options.ts'
import { PawlConfigError } from './pawl-error.ts'
import { faultsOfFeed } from './revocations/feed-options.ts'

/** Every option there is; a test compares it with the type. */
const KNOWN = [
  'core',
  'apiKey',
  'origins',
  'basePath',
  'transport',
  'cookies',
  'csrf',
  'trustProxy',
  'publicClaims',
  'cors',
  'onTheft',
  'onSessionEnd',
  'onEvent',
  'onFault',
  'revocations',
  'revocationFeed',
  'limits',
  'coreTls',
  'dangerouslyAllowInsecureCore',
  'clock',
  'schedule',
] as const satisfies readonly (keyof PawlOptions)[]

const BASE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/
const HEADER_NAME = /^[a-z0-9-]{1,64}$/
const API_KEY = /^[\x21-\x7e]{16,512}$/
/** Most origins of an app. */
const ORIGINS_MAX = 1_000

/** Options that passed. */
export interface CheckedOptions {
  readonly config: Config
  /** Where the core listens; undefined for an embedded one. */
  readonly coreUrl: CoreUrl | undefined
  readonly clientAddress: ClientAddress
  /** What should be said aloud at every start. */
  readonly warnings: readonly string[]
}

/** Checks all options; throws one `PawlConfigError` that names every fault. */
export function checkOptions(options: PawlOptions): CheckedOptions {
  const faults: string[] = []
  const cookies = options.cookies ?? {}
  checkNames(options, faults)
  const coreUrl = checkCore(options, faults)
  // What is no object cannot be looked into.
  if (!checkNested(options, faults)) throw new PawlConfigError(faults)
  const origins = checkOrigins(options, faults)
  checkCookies(options, faults)
  checkChoices(options, faults)
  checkLimits(options, faults)
  faults.push(...faultsOfFeed(options.revocationFeed))
  const clientAddress = checkProxy(options, faults)
  if (faults.length > 0) throw new PawlConfigError(faults)

  const csrfMayBeOff = cookies.sameSite !== 'none' && cookies.domain === undefined
  const config: Config = {
    basePath: options.basePath ?? DEFAULT_BASE_PATH,
    transport: options.transport ?? 'cookie',
    ...cookieScopesOf(cookies),
    formerCookies: (cookies.former ?? []).flatMap((one) => Object.values(cookieScopesOf(one))),
    csrf: { mode: options.csrf ?? 'origin', origins, allowCrossSite: cookies.sameSite === 'none' },
    csrfMayBeOff,
    cors: {
      origins,
      requestHeaders: options.cors?.requestHeaders ?? [],
      responseHeaders: options.cors?.responseHeaders ?? [],
    },
    publicClaims: options.publicClaims ?? [],
  }
  return { config, coreUrl, clientAddress, warnings: warningsOf(options, coreUrl) }
}

function checkNames(options: PawlOptions, faults: string[]): void {
  const known: readonly string[] = KNOWN
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = known.find((one) => one.toLowerCase().startsWith(name.toLowerCase().slice(0, 4)))
    faults.push(
      `${name}: there is no such option${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
}

function checkCore(options: PawlOptions, faults: string[]): CoreUrl | undefined {
  const { core, apiKey } = options
  if (apiKey !== undefined && !API_KEY.test(apiKey)) {
    faults.push('apiKey: must be 16 to 512 printable characters')
  }
  if (typeof core === 'string') {
    const url = parseCoreUrl(core)
    if (typeof url === 'string') faults.push(url)
    else if (url.isInsecure && options.dangerouslyAllowInsecureCore !== true) {
      faults.push(
        'core: use https for a core beyond this machine (or dangerouslyAllowInsecureCore)',
      )
    }
    return typeof url === 'string' ? undefined : url
  }
  if (typeof core?.refreshSession !== 'function') {
    faults.push('core: must be the URL of a core or an embedded core')
  } else if (apiKey !== undefined) faults.push('apiKey: an embedded core takes none')
  return undefined
}

function checkOrigins(options: PawlOptions, faults: string[]): ReadonlySet<string> {
  const origins = options.origins ?? []
  if (origins.length > ORIGINS_MAX) faults.push(`origins: at most ${ORIGINS_MAX}`)
  for (const origin of origins) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      faults.push(`origins: "${origin}" is not an origin such as https://app.example.com`)
    } else if (url.origin !== origin) {
      faults.push(`origins: write "${url.origin}" instead of "${origin}"`)
    } else if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
      if (options.cookies?.dangerouslyAllowHttp !== true) {
        faults.push(`origins: "${origin}" must be https (or cookies.dangerouslyAllowHttp)`)
      }
    }
  }
  return new Set(origins)
}

function checkChoices(options: PawlOptions, faults: string[]): void {
  const { basePath, transport = 'cookie', csrf = 'origin', publicClaims, cors } = options
  if (basePath !== undefined && !BASE_PATH.test(basePath)) {
    faults.push('basePath: must be a path such as /auth/session, without a slash at the end')
  }
  if (!['cookie', 'header', 'both'].includes(transport)) {
    faults.push('transport: must be cookie, header or both')
  }
  if (!CSRF_MODES.includes(csrf)) {
    faults.push('csrf: must be origin, origin-and-header or dangerously-off')
  }
  if (publicClaims !== undefined && publicClaims !== 'all' && !Array.isArray(publicClaims)) {
    faults.push("publicClaims: must be a list of names or 'all'")
  }
  const names = [...(cors?.requestHeaders ?? []), ...(cors?.responseHeaders ?? [])]
  for (const name of names) {
    if (!HEADER_NAME.test(name)) faults.push(`cors: "${name}" is not a header name in lower case`)
  }
  for (const hook of [
    'onTheft',
    'onSessionEnd',
    'onEvent',
    'onFault',
    'clock',
    'schedule',
  ] as const) {
    if (options[hook] !== undefined && typeof options[hook] !== 'function') {
      faults.push(`${hook}: must be a function`)
    }
  }
}

function checkLimits(options: PawlOptions, faults: string[]): void {
  const ranges = {
    connections: [1, 1_024],
    callsMax: [1, 1_000_000],
    connectTimeoutMs: [10, 60_000],
    headersTimeoutMs: [10, 60_000],
    verifiedTokens: [2, 10_000_000],
  } as const
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    const range = (ranges as { [name: string]: readonly [number, number] })[name]
    if (range === undefined) faults.push(`limits.${name}: there is no such limit`)
    else if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      faults.push(`limits.${name}: must be a whole number from ${range[0]} to ${range[1]}`)
    }
  }
}

function checkProxy(options: PawlOptions, faults: string[]): ClientAddress {
  const { trustProxy = false } = options
  if (typeof trustProxy === 'number') {
    if (!Number.isInteger(trustProxy) || trustProxy < 0 || trustProxy > PROXY_HOPS_MAX) {
      faults.push(`trustProxy: must be a whole number from 0 to ${PROXY_HOPS_MAX}`)
    }
  } else if (trustProxy !== false && !Array.isArray(trustProxy)) {
    faults.push('trustProxy: must be false, a number of proxies, or a list of addresses')
    return clientAddressReader(false)
  }
  try {
    return clientAddressReader(trustProxy)
  } catch (error) {
    faults.push(`trustProxy: ${error instanceof Error ? error.message : String(error)}`)
    return clientAddressReader(false)
  }
}

function warningsOf(options: PawlOptions, coreUrl: CoreUrl | undefined): readonly string[] {
  const warnings: string[] = []
  if (coreUrl?.isInsecure) {
    warnings.push(
      'the core is reached without TLS: its API key and all tokens can be read on the way',
    )
  }
  if (options.cookies?.dangerouslyAllowHttp) {
    warnings.push('session cookies travel without TLS: anybody on the network can read them')
  }
  if (options.csrf === 'dangerously-off') warnings.push('the CSRF check is off')
  return warnings
}
