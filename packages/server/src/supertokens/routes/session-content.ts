import type { SessionInfo } from '@pawl/protocol'
import { faultOfClaimNames } from '../claim-names.ts'
import { parseWireHandle, type SessionName, wireHandleOf, wireNameOf } from '../names.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text, unauthorised, type WireAnswer } from '../wire-reply.ts'

const NO_SESSION = 'Session does not exist.'
const HANDLE = { sessionHandle: 'string' } as const

/** `GET /recipe/session`: a session with all that is stored of it. */
export const getSession = defineRoute({
  scope: 'app',
  fields: HANDLE,
  run: (call) =>
    readSession(call, (session) => {
      const { userId, tenant, idleExpiresAtMs, createdAtMs } = session
      return {
        sessionHandle: wireHandleOf(session),
        userId,
        ...(call.version.hasRecipeUsers ? { recipeUserId: userId } : {}),
        userDataInDatabase: session.data,
        userDataInJWT: session.claims,
        expiry: idleExpiresAtMs,
        timeCreated: createdAtMs,
        ...(call.version.hasTenants ? { tenantId: wireNameOf(tenant) } : {}),
      }
    }),
})

/** `GET /recipe/session/data`, which newer drivers do not call. */
export const getSessionData = defineRoute({
  scope: 'app',
  fields: HANDLE,
  run: (call) => readSession(call, ({ data }) => ({ userDataInDatabase: data })),
})

/** `GET /recipe/jwt/data`, which newer drivers do not call. */
export const getJwtData = defineRoute({
  scope: 'app',
  fields: HANDLE,
  run: (call) => readSession(call, ({ claims }) => ({ userDataInJWT: claims })),
})

/** `PUT /recipe/session/data`: other data, as a whole. */
export const putSessionData = defineRoute({
  scope: 'app',
  fields: { sessionHandle: 'string', userDataInDatabase: 'object' },
  async run(call) {
    const { sessionHandle, userDataInDatabase: data } = call.fields
    const name = parseWireHandle(sessionHandle)
    if (name === undefined) return unauthorised(NO_SESSION)
    return answer(name, await call.native.replaceData({ ...name, data }))
  },
})

/** `PUT /recipe/jwt/data`: other claims, as a whole; tokens get them when they are made. */
export const putJwtData = defineRoute({
  scope: 'app',
  fields: { sessionHandle: 'string', userDataInJWT: 'object' },
  async run(call) {
    const { sessionHandle, userDataInJWT: claims } = call.fields
    const fault = faultOfClaimNames(claims, call.version)
    if (fault !== null) return text(400, fault, 'claims_reserved')
    const name = parseWireHandle(sessionHandle)
    if (name === undefined) return unauthorised(NO_SESSION)
    const { tokenVersion: version } = call.version
    const core = call.speaking({ version, isStaticKey: false, hasCompanion: false })
    return answer(name, await core.replaceClaims({ ...name, claims }))
  },
})

async function readSession(
  call: WireCall<typeof HANDLE>,
  show: (session: SessionInfo) => object,
): Promise<WireAnswer> {
  const name = parseWireHandle(call.fields.sessionHandle)
  if (name === undefined) return unauthorised(NO_SESSION)
  const outcome = await call.native.getSession(name)
  if (outcome.kind === 'refused') return refusal(outcome)
  return json({ status: 'OK', ...show(outcome.value) }, { handle: name.handle })
}

function answer(
  name: SessionName,
  outcome: Parameters<typeof refusal>[0] | { kind: 'ok' },
): WireAnswer {
  return outcome.kind === 'refused'
    ? refusal(outcome)
    : json({ status: 'OK' }, { handle: name.handle })
}
