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
  return { token, expiry, createdTime: claimOf(token, 'iat', 'timeCreated') ?? 0 }
}

/** A pair of tokens. */
export function grantAnswer(
  grant: Grant,
  of: { readonly version: WireVersion; readonly hasCompanion: boolean; readonly more?: object },
): WireAnswer {
  const { session, accessToken, refreshToken } = grant
  const access = accessTokenBody(accessToken.token, accessToken.expiresAtMs)
  const { createdTime } = access as { createdTime: number }
  const body = {
    status: 'OK',
    session: sessionBody(session, of.version),
    accessToken: access,
    refreshToken: { token: refreshToken.token, expiry: refreshToken.expiresAtMs, createdTime },
    ...(of.hasCompanion ? { antiCsrfToken: companionIn(accessToken.token) } : {}),
    ...of.more,
  }
  return json(body, { handle: session.handle })
}

function companionIn(token: string): string | undefined {
  const companion = payloadOf(token).antiCsrfToken
  return typeof companion === 'string' ? companion : undefined
}

function claimOf(token: string, seconds: string, milliseconds: string): number | undefined {
  const payload = payloadOf(token)
  const value = payload[seconds]
  if (typeof value === 'number') return value * 1000
  const exact = payload[milliseconds]
  return typeof exact === 'number' ? exact : undefined
}

/** The payload of a token that the core has just made. */
function payloadOf(token: string): { readonly [name: string]: unknown } {
  const [, payload = ''] = token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as { [name: string]: unknown }
}
