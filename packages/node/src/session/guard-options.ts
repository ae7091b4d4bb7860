import type { JsonObjectValue } from '@pawl/protocol'
import { CSRF_MODES, type CsrfMode } from '../http/csrf.ts'
import type { PawlSession } from './pawl-session.ts'

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
  /**
   * Looks at the claims, at once; false refuses with `claim_refused` (403). Only `true` lets
   * anybody in: whatever else it returns, a promise above all, is a `TypeError`.
   */
  readonly claims?: (claims: JsonObjectValue, session: PawlSession) => boolean
  /**
   * Asks for a log-in that is no longer ago, in seconds, 1 or more, by the claim `auth_time`.
   * Without one, or with an older one, `insufficient_user_authentication` (401, RFC 9470), by which
   * no front end refreshes or signs out: let the user log in again, then `reauthenticated`.
   */
  readonly maxAuthAgeSeconds?: number
  /**
   * Asks for a log-in whose claim `acr` is one of these (at most 16, the preferred one first; no
   * spaces, quotes or backslashes). Refused as above.
   */
  readonly acrValues?: readonly string[]
}

/** The options of a route that asks nothing special. */
export const NO_GUARD_OPTIONS: GuardOptions = Object.freeze({})

const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isMode = (value: unknown): boolean => (CSRF_MODES as readonly unknown[]).includes(value)
const isAge = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1
/** What a challenge can name (RFC 6749 appendix A.7, without the space that stands between two). */
const ACR = /^[\x21\x23-\x5B\x5D-\x7E]{1,255}$/
const ACR_VALUES_MAX = 16
const isAcrList = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= ACR_VALUES_MAX &&
  value.every((one) => typeof one === 'string' && ACR.test(one))

/** What each option has to be. */
const RULES: {
  readonly [K in keyof Required<GuardOptions>]: readonly [
    isRight: (value: unknown) => boolean,
    must: string,
  ]
} = {
  optional: [isBoolean, 'true or false'],
  csrf: [isMode, CSRF_MODES.join(' or ')],
  checkStore: [isBoolean, 'true or false'],
  claims: [(value) => typeof value === 'function', 'a function'],
  maxAuthAgeSeconds: [isAge, 'a whole number of seconds, 1 or more'],
  acrValues: [isAcrList, `a list of 1 to ${ACR_VALUES_MAX} texts without spaces or quotes`],
}

/** Options that were found right: each object is looked at once. */
const checked = new WeakSet<GuardOptions>()

/**
 * Gives options back once their names and types are right: what is misspelt must not open a route.
 * Throws a `TypeError` that names every fault.
 */
export function checkGuardOptions(options: GuardOptions): GuardOptions {
  if (options === NO_GUARD_OPTIONS || checked.has(options)) return options
  const faults = Object.entries(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(RULES, name)) return [`${name}: there is no such option`]
    const [isRight, must] = RULES[name as keyof GuardOptions]
    return value === undefined || isRight(value) ? [] : [`${name}: must be ${must}`]
  })
  if (faults.length > 0) throw new TypeError(`options of a guard: ${faults.join('; ')}`)
  checked.add(options)
  return options
}

/**
 * Whether the predicate of a route admits these claims. Throws a `TypeError` on an answer that is
 * neither true nor false: a promise would admit everybody.
 */
export function admitsClaims(options: GuardOptions, session: PawlSession): boolean {
  const answer: unknown = options.claims === undefined || options.claims(session.claims, session)
  if (typeof answer === 'boolean') return answer
  // It may fail later, when nobody looks at it any more.
  if (answer instanceof Promise) answer.catch(() => {})
  const what = answer instanceof Promise ? 'a promise' : `a value of type ${typeof answer}`
  throw new TypeError(`claims: must return true or false at once, and returned ${what}`)
}
