import { type Outcome, type Refusal, refuse, type VerifiedSession } from '@pawl/protocol'
import { type CsrfMode, decideCsrf } from '../http/csrf.ts'
import type { HeaderSink } from '../http/header-sink.ts'
import { isSafe, type RequestLike } from '../request-like.ts'
import type { MaybePromise } from '../tokens/verifier.ts'
import { refuseAuthentication } from './authentication.ts'
import { readCredentials } from './credentials.ts'
import type { Driver } from './driver.ts'
import { admitsClaims, checkGuardOptions, type GuardOptions } from './guard-options.ts'
import { forbidCaching } from './hand-over.ts'
import { type PawlSession, RequestSession, type SessionChannel } from './pawl-session.ts'

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
 * session that began meanwhile. Throws a `TypeError` on options that are wrong.
 */
export function judgeRequest(
  driver: Driver,
  { request, sink }: Exchange,
  options: GuardOptions,
): MaybePromise<GuardVerdict> {
  checkGuardOptions(options)
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
  const asked: Asked = { driver, request, sink, transport, options }
  if (access.length > 1) return judgeDuplicates(asked, access)
  const [token] = access
  if (token === undefined) return { kind: 'refused', refusal: refuse('access_token_expired') }
  const outcome = verify(asked, token)
  return outcome instanceof Promise
    ? outcome.then((settled) => admit(asked, settled, token))
    : admit(asked, outcome, token)
}

/** What is asked about one request; also how a session that is found reaches its response. */
interface Asked extends SessionChannel {
  readonly driver: Driver
  readonly options: GuardOptions
}

function admit(
  asked: Asked,
  outcome: Outcome<VerifiedSession>,
  token: string,
): MaybePromise<GuardVerdict> {
  if (outcome.kind === 'refused') return { kind: 'refused', refusal: outcome }
  const { driver, options } = asked
  const session = new RequestSession(driver, asked, { token, verified: outcome.value })
  if (!admitsClaims(options, session)) {
    return { kind: 'refused', refusal: refuse('claim_refused') }
  }
  const { maxAuthAgeSeconds, acrValues } = options
  const isAnyLogIn = maxAuthAgeSeconds === undefined && acrValues === undefined
  if (isAnyLogIn) return { kind: 'session', session }
  const judge = (): GuardVerdict => judgeAuthentication(asked, session)
  return maxAuthAgeSeconds === undefined || driver.time.isSettled
    ? judge()
    : driver.time.settle().then(judge)
}

/** Whether the log-in behind a session is the one that the route asks for. */
function judgeAuthentication({ driver, options }: Asked, session: PawlSession): GuardVerdict {
  const { maxAuthAgeSeconds: maxAgeSeconds, acrValues } = options
  const asked = {
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(acrValues === undefined ? {} : { acrValues }),
  }
  const refusal = refuseAuthentication(asked, session.claims, driver.nowMs())
  return refusal === undefined ? { kind: 'session', session } : { kind: 'refused', refusal }
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

function verify(asked: Asked, token: string): MaybePromise<Outcome<VerifiedSession>> {
  const { driver, options, request } = asked
  const { verifier } = driver
  return options.checkStore === true
    ? verifier.verifyAtStore(token, request)
    : verifier.verify(token, request)
}

/**
 * Duplicate cookies of one name: all are tried. Good ones of one session are one session, the
 * newest grant counts; good ones of different sessions are nobody's, for one of them was planted.
 */
async function judgeDuplicates(asked: Asked, access: readonly string[]): Promise<GuardVerdict> {
  const tried: { outcome: Outcome<VerifiedSession>; token: string }[] = []
  for (const token of new Set(access)) {
    tried.push({ outcome: await verify(asked, token), token })
  }
  const good = tried.flatMap(({ outcome, token }) =>
    outcome.kind === 'ok' ? [{ outcome, token, session: outcome.value }] : [],
  )
  if (new Set(good.map(({ session }) => session.handle)).size > 1) {
    return { kind: 'refused', refusal: refuse('access_token_invalid') }
  }
  good.sort((a, b) => b.session.lineage.generation - a.session.lineage.generation)
  const [best] = good
  if (best !== undefined) return admit(asked, best.outcome, best.token)
  const refusals = tried.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome] : []))
  const first = (code: string) => refusals.find((refusal) => refusal.code === code)
  const telling = first('unavailable') ?? first('access_token_expired') ?? refusals[0]
  return { kind: 'refused', refusal: telling ?? refuse('access_token_invalid') }
}
