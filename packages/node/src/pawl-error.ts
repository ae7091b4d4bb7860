import { ERRORS, type ErrorCode, HEADERS, type Refusal } from '@pawl/protocol'
import { problemResponse } from './http/problem.ts'

/**
 * What the programmatic calls (`createSession`, `replaceClaims`, `revoke…`, `list…`) throw when
 * they are refused: the code of the error table, its HTTP status, and the answer to send.
 * Frameworks that look at `status` and `headers` of an error (Express does) answer rightly without
 * being told.
 */
export class PawlError extends Error {
  override readonly name = 'PawlError'
  readonly refusal: Refusal
  readonly code: ErrorCode
  readonly status: number
  readonly #isRepeatable: boolean

  /**
   * `isRepeatable: false` for the refusal of a call that a route made itself: what the route has
   * done by then must not be done again. Default true.
   */
  constructor(refusal: Refusal, { isRepeatable = true }: { readonly isRepeatable?: boolean } = {}) {
    super(refusal.detail)
    this.refusal = refusal
    this.#isRepeatable = isRepeatable
    this.code = refusal.code
    this.status = ERRORS[refusal.code].status
  }

  /**
   * The answer as `application/problem+json`. Where the request must not be repeated, a refusal
   * that a refresh would heal comes without the header `pawl-error`, by which front ends do so.
   */
  toResponse(): Response {
    const response = problemResponse(this.refusal)
    const isHealable = this.code === 'no_session' || ERRORS[this.code].remedy === 'refresh'
    if (isHealable && !this.#isRepeatable) response.headers.delete(HEADERS.error)
    return response
  }

  /** The headers of that answer. */
  get headers(): { readonly [name: string]: string } {
    return Object.fromEntries(this.toResponse().headers)
  }
}

/** Thrown by `createPawl` for options that cannot work: every fault at once. */
export class PawlConfigError extends Error {
  override readonly name = 'PawlConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`Pawl cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}
