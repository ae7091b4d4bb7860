import { createPublicKey, randomUUID } from 'node:crypto'
import { grantAnswer } from '../answer-grant.ts'
import { faultOfClaimNames } from '../claim-names.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { refusal, text } from '../wire-reply.ts'

const YEAR_MS = 31_536_000_000

/** `POST /recipe/session`: a log-in. */
export const createSession = defineRoute({
  scope: 'tenant',
  isOld: true,
  fields: {
    userId: 'string',
    userDataInJWT: 'object',
    userDataInDatabase: 'object',
    enableAntiCsrf: 'boolean',
    useDynamicSigningKey: 'boolean?',
    accessTokenValidity: 'number?',
  },
  async run(call) {
    const { fields, version, tenant } = call
    const { userId, userDataInJWT: claims, userDataInDatabase: data } = fields
    const fault = faultOfClaimNames(claims, version)
    if (fault !== null) return text(400, fault, 'claims_reserved')
    const isStaticKey = fields.useDynamicSigningKey === false
    const hasCompanion = fields.enableAntiCsrf
    const form = { version: version.tokenVersion, isStaticKey, hasCompanion }
    const outcome = await call
      .speaking(form)
      .createSession({ userId, tenant, claims, data, accessKind: 'jwt', ...lifeOf(call) })
    if (outcome.kind === 'refused') return refusal(outcome)
    const more = version.createsOnly ? await oldMembers(call, outcome.value.refreshToken) : {}
    return grantAnswer(outcome.value, { version, hasCompanion, more })
  },
})

/** A shorter life of this session's access tokens, in whole seconds; never a longer one. */
function lifeOf({
  fields,
  settings,
  version,
}: WireCall<{ readonly accessTokenValidity: 'number?' }>): { accessTtlSeconds?: number } {
  const asked = fields.accessTokenValidity
  if (asked === undefined || !version.isStateless) return {}
  const seconds = Math.max(1, Math.floor(asked / 1000))
  return { accessTtlSeconds: Math.min(seconds, settings.lives.accessTtlSeconds) }
}

/** What versions older than the key set find in an answer: a third token, and the key. */
async function oldMembers(
  call: Pick<WireCall, 'native'>,
  refresh: { readonly expiresAtMs: number },
): Promise<object> {
  const keys = await call.native.getKeys({})
  const jwk = keys.kind === 'ok' ? keys.value.keys.find(({ kty }) => kty === 'RSA') : undefined
  const publicKey =
    jwk &&
    createPublicKey({ key: { ...jwk }, format: 'jwk' })
      .export({ type: 'spki', format: 'der' })
      .toString('base64')
  const createdTime = Date.now()
  const expiryTime = createdTime + YEAR_MS
  return {
    idRefreshToken: { token: randomUUID(), expiry: refresh.expiresAtMs, createdTime },
    jwtSigningPublicKey: publicKey,
    jwtSigningPublicKeyExpiryTime: expiryTime,
    jwtSigningPublicKeyList: [{ publicKey, expiryTime, createdAt: createdTime }],
  }
}
