import { StoreError, type StoreErrorKind } from '@pawl/core'

/**
 * What a command does to the database: nothing; something that does no harm when it is done a
 * second time, since it then finds its own condition gone; or what may be sent only once. The first
 * two may be sent again after an answer that was lost.
 */
export type Effect = 'none' | 'repeatable' | 'once'

/**
 * What to throw where a write was sent and no answer came: it may have been done, and that is what
 * `timeout` says.
 *
 * @param title the engine's own name
 */
export function answerLost(title: string, cause: unknown): StoreError {
  const sentence = `the connection to ${title} was lost: what was written is not known`
  return new StoreError('timeout', sentence, { cause })
}

/** How long an answer is waited for. */
interface AnswerLimit {
  /** The engine's own name. */
  readonly title: string
  readonly limitMs: number
  /** `timeout` where a write may be under way, `unavailable` where none is. */
  readonly kind: StoreErrorKind
}

/** The promise, or a `StoreError` when it takes too long. */
export function answeredWithin<T>(
  { title, limitMs, kind }: AnswerLimit,
  answer: Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => {
    reject(new StoreError(kind, `${title} did not answer within ${limitMs} ms`))
  }, limitMs)
  answer.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}
