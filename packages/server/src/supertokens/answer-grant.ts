import type { Grant, SessionView } from '@pawl/protocol'
import { wireHandleOf, wireNameOf } from './names.ts'
import { json, type WireAnswer } from './wire-reply.ts'
import type { WireVersion } from './wire-versions.ts'

/** A session as answers show it. */
export function sessionBody(
  session: Pick<SessionView, 'handle' | 'userId' | 'claims' | 'tenant'>,
  version: WireVersion,
): object {
  const { userId, claims, tenant } = session
  return {
    handle: wireHandleOf(session),
    userId,
    ...(version.hasRecipeUsers ? { recipeUserId: userId } : {}),
    userDataInJWT: claims,
    ...(version.hasTenants ? { tenantId: wireNameOf(tenant) } : {}),
  }
}

/** An access token as answers show it; times are those in the token, in milliseconds. */
export function accessTokenBody(token: string, expiry: number): object {
  return { token, expiry, createdTime: createdTimeIn(payloadOf(token)) }
}

/** A pair of tokens. */
export function grantAnswer(
  grant: Grant,
  of: { readonly version: WireVersion; readonly hasCompanion: boolean; readonly more?: object },
): WireAnswer {
  const { session, accessToken, refreshToken } = grant
  const payload = payloadOf(accessToken.token)
  const createdTime = createdTimeIn(payload)
  const body = {
    status: 'OK',
    session: sessionBody(session, of.version),
    accessToken: { token: accessToken.token, expiry: accessToken.expiresAtMs, createdTime },
    refreshToken: { token: refreshToken.token, expiry: refreshToken.expiresAtMs, createdTime },
    ...(of.hasCompanion ? { antiCsrfToken: companionIn(payload) } : {}),
    ...of.more,
  }
  return json(body, { handle: session.handle })
}

type Payload = { readonly [name: string]: unknown }

function companionIn({ antiCsrfToken }: Payload): string | undefined {
  return typeof antiCsrfToken === 'string' ? antiCsrfToken : undefined
}

/** In milliseconds: tokens have whole seconds, those of old versions milliseconds. */
function createdTimeIn({ iat, timeCreated }: Payload): number {
  if (typeof iat === 'number') return iat * 1000
  return typeof timeCreated === 'number' ? timeCreated : 0
}

/** The payload of a token that the core has just made. */
function payloadOf(token: string): Payload {
  const [, payload = ''] = token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload
}
