import type { CoreApi, Outcome, Refusal, VerifiedSession } from '@pawl/protocol'
import { checkOptions } from './check-options.ts'
import type { CoreUrl } from './core/core-url.ts'
import { CORE_LIMITS, httpCore } from './core/http-core.ts'
import { shieldCore } from './core/shield-core.ts'
import { type CoreTime, makeCoreTime } from './core-time.ts'
import { makeAnnounce, makeReportFault } from './hooks.ts'
import { watchCookieHost } from './http/cookie-host.ts'
import { type CorsAnswer, decideCors, withCors } from './http/cors.ts'
import { watchHeaderBytes } from './http/header-bytes.ts'
import { type HeaderSink, headersSink } from './http/header-sink.ts'
import { problemResponse } from './http/problem.ts'
import { makeTimeLearner } from './learn-time.ts'
import type { PawlOptions } from './options.ts'
import type { CoreCalls, ReportFault, Schedule } from './ports.ts'
import type { RequestLike } from './request-like.ts'
import { type EndedElsewhere, openFeed } from './revocations/open-feed.ts'
import { type Driver, noteEnded } from './session/driver.ts'
import { type GuardVerdict, judgeRequest } from './session/guard.ts'
import { type GuardOptions, NO_GUARD_OPTIONS } from './session/guard-options.ts'
import { handleOwnRoute } from './session/handler.ts'
import type { PawlSession } from './session/pawl-session.ts'
import { eitherRevocations, makeLocalRevocations } from './session/revocations.ts'
import { makeSessionCalls, type SessionCalls } from './session/session-calls.ts'
import { type NewSession, startSession } from './session/start-session.ts'
import { makeUseReports } from './session/use-reports.ts'
import { type AskedFor, type MaybePromise, makeVerifier } from './tokens/verifier.ts'
import { withCoreTime } from './tokens/with-core-time.ts'
import { makeTrustCache } from './trust/trust-cache.ts'

/** Who is asking, for web-standard frameworks. Add `headers` to the response when you send it. */
export type GuardResult =
  | { readonly kind: 'session'; readonly session: PawlSession; readonly headers: Headers }
  | { readonly kind: 'anonymous'; readonly headers: Headers }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly response: Response }

/** The driver of one app. */
export interface Pawl extends SessionCalls {
  /** Answers the driver's own routes; undefined, at once, for a request that is not for them. */
  handler(request: RequestLike): Promise<Response> | undefined
  /** Says whose request this is. Await it: it is a promise only where something must be asked. */
  guard(request: RequestLike, options?: GuardOptions): MaybePromise<GuardResult>
  /** As `guard`, with response headers going to `sink`; for adapters. */
  guardInto(
    request: RequestLike,
    sink: HeaderSink,
    options?: GuardOptions,
  ): MaybePromise<GuardVerdict>
  /** Starts a session for a user who has just signed in. Throws a `PawlError` if refused. */
  createSession(
    request: RequestLike,
    input: NewSession,
  ): Promise<{ readonly session: PawlSession; readonly headers: Headers }>
  /** As `createSession`, with response headers going to `sink`; for adapters. */
  createSessionInto(request: RequestLike, sink: HeaderSink, input: NewSession): Promise<PawlSession>
  /**
   * Verifies an access token outside any request (a WebSocket, say). Await it. With the address of
   * the client, the core counts what is refused against the client and not against this driver.
   */
  verify(token: string, from?: AskedFor): MaybePromise<Outcome<VerifiedSession>>
  /** What CORS asks of a response to this request, for the listed origins. */
  cors(request: RequestLike): CorsAnswer
  /**
   * Fetches keys and settings ahead of the first request; false if the core is not to be reached.
   */
  ready(): Promise<boolean>
  /** The client's address as `trustProxy` has it; for adapters. */
  clientAddress(socketAddress: string | undefined, forwardedFor: string | null): string | undefined
  /** Sends what waits and lets go of connections. An embedded core stays open: it is yours. */
  close(): Promise<void>
}

/** Verified tokens remembered unless `limits.verifiedTokens` says otherwise. */
const VERIFIED_TOKENS = 10_000
/** Sessions remembered as ended by this driver. */
const ENDED_SESSIONS_MAX = 100_000
/**
 * How long tokens that are there may wait to learn the race window, in ms: the front end does with
 * the default one until the next refresh, and the exchange has to end within it.
 */
const RACE_WINDOW_WAIT_MS = 1_000
/** How long a request may wait to learn what time it is at the core, once per driver, in ms. */
const CONTACT_MS = 2_000

/**
 * Makes the driver of an app. Checks all options at once (`PawlConfigError`); contacts the core
 * only when something needs it.
 */
export function createPawl(options: PawlOptions): Pawl {
  const { config, coreUrl, clientAddress, warnings } = checkOptions(options)
  for (const warning of warnings) process.emitWarning(warning, { code: 'PAWL_DANGER' })
  const { schedule = runLater } = options
  const reportFault = makeReportFault(options.onFault, options.clock ?? monotonicMs)
  const time = openTime(options, reportFault)
  const { nowMs } = time
  const raceWindowMs = (): number | undefined => {
    if (trust.current === undefined) void trust.load()
    return trust.current?.settings.raceWindowMs
  }
  const core = openCore(options, coreUrl, { raceWindowMs, reportFault })
  const trust = makeTrustCache({ core, nowMs, reportFault })
  const reports = makeUseReports({ core, nowMs, schedule, raceWindowMs, reportFault })
  const ended = makeLocalRevocations(ENDED_SESSIONS_MAX)
  const { revocations: elsewhere } = options
  const announce = makeAnnounce(options, reportFault)
  const isHeard = options.onEvent !== undefined || options.onSessionEnd !== undefined
  const onEnded = isHeard
    ? ({ reason, ...who }: EndedElsewhere) => noteEnded({ ended, announce, nowMs }, reason, who)
    : undefined
  const feed = openFeed(options, { core, time, schedule, reportFault, onEnded })
  const verifierHere = makeVerifier({
    core,
    trust,
    revocations: elsewhere === undefined ? ended : eitherRevocations(ended, elsewhere),
    gate: feed.gate,
    nowMs,
    onSettledUse: reports.add,
    cacheLimit: options.limits?.verifiedTokens ?? VERIFIED_TOKENS,
  })
  const learner = makeTimeLearner({
    isKnown: () => time.isKnown || options.revocationFeed === false,
    contact: () => within(CONTACT_MS, feed.firstTry(), schedule),
  })
  const driver: Driver = {
    config,
    core,
    verifier: withCoreTime(verifierHere, learner),
    ended,
    announce,
    watchCookieHost: watchCookieHost(options.cookies?.domain, reportFault),
    watchHeaderBytes: watchHeaderBytes(reportFault),
    nowMs,
    time: learner,
    raceWindowMs: async () => {
      if (trust.current === undefined) {
        await within(RACE_WINDOW_WAIT_MS, trust.load(), schedule)
      }
      return trust.current?.settings.raceWindowMs
    },
  }
  return {
    ...requestSide(driver),
    ...makeSessionCalls(driver),
    clientAddress,
    ready: async () => {
      const [loaded] = await Promise.all([trust.load(), feed.firstTry()])
      return loaded.kind === 'ok'
    },
    close: async () => {
      await feed.close()
      await reports.close()
      if (coreUrl !== undefined) await core.close()
    },
  }
}

/** The core, behind its URL or in this process. */
function openCore(
  { core, apiKey, limits, coreTls = {} }: PawlOptions,
  url: CoreUrl | undefined,
  deps: {
    readonly raceWindowMs: () => number | undefined
    readonly reportFault: ReportFault
  },
): CoreCalls {
  if (url === undefined) return shieldCore(core as CoreApi, deps.reportFault)
  return httpCore({ ...deps, url, apiKey, limits: { ...CORE_LIMITS, ...limits }, tls: coreTls })
}

/**
 * The core's time; of a core in this process it is known from the start. A clock that was given is
 * both clocks of this machine.
 */
function openTime(
  { clock, core }: Pick<PawlOptions, 'clock' | 'core'>,
  reportFault: ReportFault,
): CoreTime {
  const clocks = clock === undefined ? {} : { wallMs: clock, elapsedMs: clock }
  const time = makeCoreTime({ ...clocks, reportFault })
  if (typeof core !== 'string' && 'nowMs' in core && typeof core.nowMs === 'function') {
    time.hear(Number(core.nowMs()))
  }
  return time
}

/** Resolves with the work, or when it has taken too long. */
function within(delayMs: number, work: Promise<unknown>, schedule: Schedule): Promise<void> {
  return new Promise((resolve) => {
    const callOff = schedule(resolve, delayMs)
    void work.finally(() => {
      callOff()
      resolve()
    })
  })
}

const monotonicMs = (): number => performance.now()

type RequestSide = Pick<
  Pawl,
  'handler' | 'guard' | 'guardInto' | 'createSession' | 'createSessionInto' | 'verify' | 'cors'
>

/** What serves requests. */
function requestSide(driver: Driver): RequestSide {
  return {
    handler: (request) => handleOwnRoute(driver, request),
    guard: (request, options = NO_GUARD_OPTIONS) => {
      const headers = new Headers()
      const verdict = judgeRequest(driver, { request, sink: headersSink(headers) }, options)
      return verdict instanceof Promise
        ? verdict.then((settled) => readable(driver, request, resultOf(settled, headers)))
        : readable(driver, request, resultOf(verdict, headers))
    },
    guardInto: (request, sink, options = NO_GUARD_OPTIONS) =>
      judgeRequest(driver, { request, sink }, options),
    createSession: async (request, input) => {
      const headers = new Headers()
      const session = await startSession(driver, { request, sink: headersSink(headers) }, input)
      return { session, headers }
    },
    createSessionInto: (request, sink, input) => startSession(driver, { request, sink }, input),
    verify: (token, from) => driver.verifier.verify(token, from),
    cors: (request) => decideCors(request, driver.config.cors),
  }
}

/** Lets listed front ends elsewhere read a refusal: without its code they would never refresh. */
function readable(driver: Driver, request: RequestLike, result: GuardResult): GuardResult {
  if (result.kind === 'refused') {
    withCors(result.response, decideCors(request, driver.config.cors).headers)
  }
  return result
}

function resultOf(verdict: GuardVerdict, headers: Headers): GuardResult {
  switch (verdict.kind) {
    case 'session':
      return { kind: 'session', session: verdict.session, headers }
    case 'anonymous':
      return { kind: 'anonymous', headers }
    case 'refused': {
      const { refusal } = verdict
      return { kind: 'refused', refusal, response: problemResponse(refusal) }
    }
  }
}

const runLater: Schedule = (task, delayMs) => {
  const timer = setTimeout(task, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}
