import {
  type ErrorCode,
  isErrorCode,
  type Operation,
  type Outcome,
  ok,
  type Refusal,
  type RefusedSession,
  type ResponseOf,
  refuse,
  shapes,
} from '@pawl/protocol'
import * as v from 'valibot'

/** An HTTP answer of a core, its body read. */
export interface RawAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: string
}

/**
 * Refusals that say that this driver is set up wrongly. They are nobody's missing session: a
 * browser is told `unavailable`, the operator the truth.
 */
const SET_UP_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'api_key_required',
  'api_key_scope',
  'app_unknown',
  'not_found',
  'host_not_allowed',
  'csrf_refused',
  'method_not_allowed',
  'unsupported_media_type',
  'internal',
])

const problem = v.object({
  code: v.string(),
  detail: v.optional(v.string()),
  session: v.optional(
    v.object({ handle: v.string(), userId: v.string(), tenant: v.string(), reason: v.string() }),
  ),
  retryAfterSeconds: v.optional(v.number()),
})

/** What an answer means, and what the operator should hear about it. */
export interface DecodedAnswer<T> {
  readonly outcome: Outcome<T>
  readonly fault?: string
  /** Whether the core has said it, and not something in between. */
  readonly isTheirs: boolean
}

/** Reads an answer of the core. Anything that is not by the contract is `unavailable`. */
export function decodeAnswer<K extends Operation>(
  operation: K,
  answer: RawAnswer,
): DecodedAnswer<ResponseOf<K>> {
  const json = parseJson(answer.body)
  if (answer.status >= 400) return decodeRefusal(answer, json)
  const parsed = v.safeParse(shapes[operation].response, json)
  if (answer.status !== 200 || !parsed.success) {
    return broken(`the answer to ${operation} (status ${answer.status}) is not by the contract`)
  }
  // The schema above is the one of this operation; the compiler cannot follow the look-up.
  const value = parsed.output as ResponseOf<K>
  return {
    outcome: ok(operation === 'getKeys' ? withMaxAge(value, answer) : value),
    isTheirs: true,
  }
}

function decodeRefusal<T>(answer: RawAnswer, json: unknown): DecodedAnswer<T> {
  const parsed = v.safeParse(problem, json)
  if (!parsed.success || !isErrorCode(parsed.output.code)) {
    return broken(`the core answered ${answer.status} without a problem document`)
  }
  const { code, detail, session } = parsed.output
  if (SET_UP_FAULTS.has(code)) {
    return { ...broken(`the core refuses this driver: ${code}`), isTheirs: true }
  }
  const wait = Number(answer.header('retry-after') ?? Number.NaN)
  const outcome = refuse(code, detail, { ...sessionOf(session), ...waitOf(wait) })
  return { outcome, isTheirs: true }
}

function sessionOf(session: RefusedSession | undefined): Pick<Refusal, 'session'> {
  return session === undefined ? {} : { session }
}

function waitOf(seconds: number): Pick<Refusal, 'retryAfterSeconds'> {
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterSeconds: seconds } : {}
}

function withMaxAge<T>(value: T, answer: RawAnswer): T {
  const match = /(?:^|[\s,])max-age=(\d{1,9})/.exec(answer.header('cache-control') ?? '')
  return match === null ? value : { ...value, maxAgeSeconds: Number(match[1]) }
}

function broken<T>(fault: string): DecodedAnswer<T> {
  return { outcome: refuse('unavailable'), fault, isTheirs: false }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
