import { LIMITS, type Outcome, ok } from '@pawl/protocol'
import type { RequestLike } from '../request-like.ts'
import { readCredentials, readRefreshTokens } from './credentials.ts'
import { type Driver, noteEnded } from './driver.ts'

/**
 * Ends every session that a request shows a token of, duplicate cookies included: one that is no
 * good must not save the session of another. Refused (`unavailable`) where that cannot be told of
 * all of them; repeating it is no error.
 */
export async function endPresented(
  driver: Driver,
  request: RequestLike,
  reason: 'sign-out' | 'replaced',
): Promise<Outcome<undefined>> {
  const { config, core } = driver
  const { transport, access } = readCredentials(request, config)
  const { tokens } = readRefreshTokens(request, transport, config)
  const [first, ...more] = access.filter(
    (token) => token !== '' && token.length <= LIMITS.tokenChars,
  )
  const calls = [
    { refreshTokens: [...tokens], ...(first === undefined ? {} : { accessToken: first }) },
    ...more.map((accessToken) => ({ refreshTokens: [], accessToken })),
  ]
  if (tokens.length === 0 && first === undefined) return ok(undefined)
  for (const call of calls) {
    const outcome = await core.signOut(call)
    if (outcome.kind === 'refused') return outcome
    noteEnded(driver, reason, ...outcome.value.handles.map((handle) => ({ handle })))
  }
  return ok(undefined)
}
