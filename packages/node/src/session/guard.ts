import {
  type JsonObjectValue,
  type Outcome,
  type Refusal,
  refuse,
  type VerifiedSession,
} from '@pawl/protocol'
import { type CsrfMode, decideCsrf } from '../http/csrf.ts'
import type { HeaderSink } from '../http/header-sink.ts'
import { isSafe, type RequestLike } from '../request-like.ts'
import type { MaybePromise } from '../tokens/verifier.ts'
import { readCredentials, readRefreshTokens } from './credentials.ts'
import type { Driver } from './driver.ts'
import { forbidCaching } from './hand-over.ts'
import { type PawlSession, RequestSession } from './pawl-session.ts'

/** What a route asks of a session. */
export interface GuardOptions {
  /**
   * Lets requests without credentials through as `anonymous`; default false. Credentials that are
   * not (or no longer) good are refused all the same, so that the front end refreshes.
   */
  readonly optional?: boolean
  /** CSRF check of this route; default: the app's. Applies to unsafe methods with cookies. */
  readonly csrf?: CsrfMode
  /** Asks the core to check against the store; `unavailable` if it cannot. Default false. */
  readonly checkStore?: boolean
  /** Looks at the claims; false refuses with `claim_refused` (403). */
  readonly claims?: (claims: JsonObjectValue, session: PawlSession) => boolean
}

/** A request, and where the headers of its response go. */
export interface Exchange {
  readonly request: RequestLike
  readonly sink: HeaderSink
}

/** Who is asking, or why that was refused. */
export type GuardVerdict =
  | { readonly kind: 'session'; readonly session: PawlSession }
  /** No credentials, on an optional route. */
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const ANONYMOUS: GuardVerdict = Object.freeze({ kind: 'anonymous' })

/**
 * Says whose request this is. At once where nothing must be asked; only a first look at the keys,
 * an opaque token and `checkStore` make it a promise. Writes cache headers into `sink`, and keeps
 * it for what the session may change later. Touches no cookie: a late refusal must not end a
 * session that began meanwhile.
 */
export function judgeRequest(
  driver: Driver,
  { request, sink }: Exchange,
  options: GuardOptions,
): MaybePromise<GuardVerdict> {
  const { access, transport, hasRefresh } = readCredentials(request, driver.config)
  forbidCaching(sink)
  if (access.length === 0 && !hasRefresh) {
    return options.optional === true
      ? ANONYMOUS
      : { kind: 'refused', refusal: refuse('no_session') }
  }
  if (transport === 'cookie' && !isSafe(request)) {
    const refusal = refuseForeign(driver, request, options.csrf)
    if (refusal !== undefined) return { kind: 'refused', refusal }
  }
  const [token] = access
  if (token === undefined) return { kind: 'refused', refusal: refuse('access_token_expired') }
  const isPersistent = (): boolean =>
    readRefreshTokens(request, transport, driver.config).persistent
  const admit = (outcome: Outcome<VerifiedSession>, used: string): GuardVerdict => {
    if (outcome.kind === 'refused') return { kind: 'refused', refusal: outcome }
    const channel = { sink, transport, token: used, isPersistent }
    const session = new RequestSession(driver, channel, outcome.value)
    if (options.claims === undefined || options.claims(session.claims, session)) {
      return { kind: 'session', session }
    }
    return { kind: 'refused', refusal: refuse('claim_refused') }
  }
  const verify = verifierOf(driver, request, options)
  if (access.length > 1) {
    return judgeDuplicates(access, verify).then((found) => admit(found.outcome, found.token))
  }
  const outcome = verify(token)
  return outcome instanceof Promise
    ? outcome.then((settled) => admit(settled, token))
    : admit(outcome, token)
}

/** The refusal of a request that another site may have sent; undefined if it passes. */
export function refuseForeign(
  driver: Driver,
  request: Pick<RequestLike, 'headers'>,
  mode: CsrfMode | undefined,
): Refusal | undefined {
  const { csrf, csrfMayBeOff } = driver.config
  if (mode === 'dangerously-off' && !csrfMayBeOff) {
    throw new TypeError('csrf cannot be off with SameSite=None cookies or a cookie domain')
  }
  const decision = decideCsrf(request, mode === undefined ? csrf : { ...csrf, mode })
  return decision.kind === 'refused' ? refuse('csrf_refused', decision.why) : undefined
}

type Verify = (token: string) => MaybePromise<Outcome<VerifiedSession>>

function verifierOf(driver: Driver, request: RequestLike, options: GuardOptions): Verify {
  const { verifier } = driver
  if (options.checkStore !== true) return verifier.verify
  const { clientAddress, signal } = request
  return (token) => verifier.verifyAtStore(token, { clientAddress, signal: signal ?? undefined })
}

/**
 * Duplicate cookies of one name: all are tried. Good ones of one session are one session, the
 * newest grant counts; good ones of different sessions are nobody's, for one of them was planted.
 */
async function judgeDuplicates(
  access: readonly string[],
  verify: Verify,
): Promise<{ readonly outcome: Outcome<VerifiedSession>; readonly token: string }> {
  const tried: { outcome: Outcome<VerifiedSession>; token: string }[] = []
  for (const token of new Set(access)) {
    tried.push({ outcome: await verify(token), token })
  }
  const good = tried.flatMap(({ outcome, token }) =>
    outcome.kind === 'ok' ? [{ outcome, token, session: outcome.value }] : [],
  )
  if (new Set(good.map(({ session }) => session.handle)).size > 1) {
    return { outcome: refuse('access_token_invalid'), token: '' }
  }
  good.sort((a, b) => b.session.lineage.generation - a.session.lineage.generation)
  const [best] = good
  if (best !== undefined) return best
  const codeOf = (code: string) =>
    tried.find(({ outcome }) => outcome.kind === 'refused' && outcome.code === code)
  const telling = codeOf('unavailable') ?? codeOf('access_token_expired') ?? tried[0]
  return telling ?? { outcome: refuse('access_token_invalid'), token: '' }
}
