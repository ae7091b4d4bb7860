import { timingSafeEqual } from 'node:crypto'
import type { DialectCore } from '@pawl/embedded'
import { accessTokenBody, sessionBody } from '../answer-grant.ts'
import { type PeekedToken, peekToken } from '../token-shapes.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, tryRefresh, type WireAnswer } from '../wire-reply.ts'

const FIELDS = {
  accessToken: 'string',
  doAntiCsrfCheck: 'boolean',
  enableAntiCsrf: 'boolean',
  checkDatabase: 'boolean',
  antiCsrfToken: 'string?',
} as const

type Call = WireCall<typeof FIELDS>

/**
 * `POST /recipe/session/verify`. A token that names its parent (strict rotation) is confirmed here
 * and replaced by one that does not; one whose claims are no longer those of the row is replaced by
 * one with the claims of the row. A displaced grant is told to refresh, which is where a theft is
 * found: taking its tokens away would hide it.
 */
export const verifySession = defineRoute({
  scope: 'app',
  fields: FIELDS,
  async run(call) {
    const { fields, version } = call
    const { accessToken } = fields
    const peeked = peekToken(accessToken)
    if (peeked === undefined) return tryRefresh('the access token is not of a form that is known')
    const core = call.speaking(peeked)
    const mustSettle = peeked.hasParent && !version.isStateless
    const checkStore = fields.checkDatabase || mustSettle
    const outcome = await core.verifySession({ accessToken, checkStore })
    if (outcome.kind === 'refused') return refusal(outcome)
    // Told after the signature was checked: what the token says of its companion is true.
    if (!isCompanionRight(peeked, fields)) return tryRefresh('anti-csrf check failed')
    const { value } = outcome
    const session = sessionBody(value, version)
    const isOutdated = checkStore && !isSame(value.claims, peeked)
    if (version.isStateless) {
      const more = fields.checkDatabase ? { payloadUpdateAvailable: isOutdated } : {}
      return json({ status: 'OK', session, ...more }, { handle: value.handle })
    }
    if (mustSettle || isOutdated) return replaceToken(core, call, mustSettle)
    return json({ status: 'OK', session }, { handle: value.handle })
  },
})

async function replaceToken(core: DialectCore, call: Call, settle: boolean): Promise<WireAnswer> {
  const { accessToken } = call.fields
  const renewed = await core.renewAccessToken({ accessToken, settle })
  if (renewed.kind === 'refused') return refusal(renewed)
  const { session, accessToken: next } = renewed.value
  const body = {
    status: 'OK',
    session: sessionBody(session, call.version),
    accessToken: accessTokenBody(next.token, next.expiresAtMs),
  }
  return json(body, { handle: session.handle })
}

function isCompanionRight(peeked: PeekedToken, fields: Call['fields']): boolean {
  if (!fields.enableAntiCsrf || !fields.doAntiCsrfCheck) return true
  const { antiCsrfToken: given } = fields
  if (given === undefined || peeked.companion === null) return false
  const [one, other] = [Buffer.from(given), Buffer.from(peeked.companion)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Whether the row's claims are those of the token; both are JSON as we write it. */
function isSame(claims: { readonly [name: string]: unknown }, peeked: PeekedToken): boolean {
  return JSON.stringify(sorted(claims)) === JSON.stringify(sorted(peeked.ownClaims))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return entries.map(([name, member]) => [name, sorted(member)])
}
