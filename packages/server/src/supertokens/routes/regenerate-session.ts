import type { DialectCore } from '@pawl/embedded'
import type { Outcome } from '@pawl/protocol'
import { accessTokenBody, sessionBody } from '../answer-grant.ts'
import { faultOfClaimNames } from '../claim-names.ts'
import { peekToken } from '../token-shapes.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text, unauthorised, type WireAnswer } from '../wire-reply.ts'

const FIELDS = { accessToken: 'string', userDataInJWT: 'object?' } as const

/**
 * `POST /recipe/session/regenerate`: other claims, and the token with them. The signature is
 * checked; a token that has expired still names its session, but is not replaced.
 */
export const regenerateSession = defineRoute({
  scope: 'app',
  fields: FIELDS,
  async run(call) {
    const { accessToken, userDataInJWT: claims } = call.fields
    const fault = claims === undefined ? null : faultOfClaimNames(claims, call.version)
    if (fault !== null) return text(400, fault, 'claims_reserved')
    const peeked = peekToken(accessToken)
    const core = peeked && call.speaking(peeked)
    const opened = await core?.openAccessToken(accessToken)
    if (core === undefined || opened === undefined) {
      return unauthorised('the access token is not one of this app', {
        code: 'access_token_invalid',
      })
    }
    if (claims === undefined) return renew(call, core)
    const { handle, tenant } = opened
    const change = { handle, tenant, claims }
    const outcome = await core.replaceClaims({ ...change, accessToken })
    const hasExpired = outcome.kind === 'refused' && outcome.code === 'access_token_invalid'
    return answer(call, hasExpired ? await core.replaceClaims(change) : outcome)
  },
})

/** The token with the claims that the row has. */
async function renew(call: WireCall<typeof FIELDS>, core: DialectCore): Promise<WireAnswer> {
  const { accessToken } = call.fields
  const renewed = await core.renewAccessToken({ accessToken, settle: false })
  if (renewed.kind === 'ok' || renewed.code !== 'access_token_expired') {
    return answer(call, renewed)
  }
  const opened = await core.openAccessToken(accessToken)
  if (opened === undefined) return refusal(renewed)
  const { handle, tenant } = opened
  const found = await core.getSession({ handle, tenant })
  if (found.kind === 'refused') return refusal(found)
  return json({ status: 'OK', session: sessionBody(found.value, call.version) }, { handle })
}

function answer(
  call: Pick<WireCall, 'version'>,
  outcome: Outcome<{
    readonly session: Parameters<typeof sessionBody>[0]
    readonly accessToken: { readonly token: string; readonly expiresAtMs: number } | null
  }>,
): WireAnswer {
  if (outcome.kind === 'refused') {
    const { code, detail } = outcome
    const isGone = code === 'refresh_first' || code === 'access_token_invalid'
    return isGone ? unauthorised(detail, { code }) : refusal(outcome)
  }
  const { session, accessToken } = outcome.value
  const body = {
    status: 'OK',
    session: sessionBody(session, call.version),
    ...(accessToken === null
      ? {}
      : { accessToken: accessTokenBody(accessToken.token, accessToken.expiresAtMs) }),
  }
  return json(body, { handle: session.handle })
}
