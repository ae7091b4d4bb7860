import { type Outcome, ok, type ParsedRequestOf, type ResponseOf, refuse } from '@pawl/protocol'
import { faultOfClaims, faultOfData, TOKEN_SPARE_CHARS } from '../domain/claims.ts'
import { endedFor } from '../domain/expiry.ts'
import {
  type EpochMs,
  type JsonObject,
  prefixOf,
  type SessionHandle,
  type TenantId,
} from '../domain/ids.ts'
import type { Session, SessionKey } from '../domain/session.ts'
import type { OpenedAccessToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'
import { accessExpiryFrom } from './make-grant.ts'
import { viewOf } from './views.ts'

type ClaimsAnswer = ResponseOf<'replaceClaims'>

/**
 * Replaces the claims of a live session. Given an access token of that session, it is re-issued
 * with the new claims, the same lineage and the same expiry. Without one they are in the token of
 * the next refresh, and in what a check at the store answers from now on. Refuses
 * `claims_reserved`, `session_not_found`, `access_token_invalid`, `token_too_large`; then nothing
 * was written.
 */
export async function replaceClaims(
  context: AppContext,
  request: ParsedRequestOf<'replaceClaims'>,
): Promise<Outcome<ClaimsAnswer>> {
  const claims = request.claims as JsonObject
  const fault = faultOfClaims(claims, context.accessTokens.reservedClaims)
  if (fault !== null) return refuse('claims_reserved', fault)
  const key = keyOf(context, request)
  const nowMs = context.clock.nowMs()
  const current = await context.store.find(key)
  if (current === undefined || endedFor(current, current.curMintedAtMs, nowMs) !== null) {
    return refuse('session_not_found')
  }
  const session = { ...current, claims }
  let accessToken: ClaimsAnswer['accessToken'] = null
  if (request.accessToken !== undefined) {
    const presented = await context.accessTokens.open(context.app, request.accessToken)
    if (presented === undefined || !belongsTo(presented, session) || isDead(presented, nowMs)) {
      return refuse('access_token_invalid')
    }
    const { lineage, expiresAtMs } = presented
    const order = { session, lineage, nowMs, expiresAtMs, spareChars: TOKEN_SPARE_CHARS }
    const token = await context.accessTokens.mint(order)
    if (token === undefined) return refuse('token_too_large')
    accessToken = { token, expiresAtMs }
  } else if (!(await fitsNextToken(context, session, nowMs))) {
    return refuse('token_too_large')
  }
  const updated = await context.store.updateClaims(key, claims)
  return updated ? ok({ session: viewOf(session), accessToken }) : refuse('session_not_found')
}

/** Replaces the server-side data of a live session. Refuses `session_not_found`. */
export async function replaceData(
  context: AppContext,
  request: ParsedRequestOf<'replaceData'>,
): Promise<Outcome<ResponseOf<'replaceData'>>> {
  const data = request.data as JsonObject
  const fault = faultOfData(data)
  if (fault !== null) return refuse('invalid_request', fault)
  const updated = await context.store.updateData(keyOf(context, request), data)
  return updated ? ok({ handle: request.handle }) : refuse('session_not_found')
}

/** Claims that fit no token would make each refresh to come fail: they are tried beforehand. */
async function fitsNextToken(
  context: AppContext,
  session: Session,
  nowMs: EpochMs,
): Promise<boolean> {
  const hash2 = session.curHash2
  const generation = session.generation + 1
  const lineage = { hash2, parent: prefixOf(hash2), generation, mintedAtMs: nowMs }
  const expiresAtMs = accessExpiryFrom(context, session, nowMs)
  const order = { session, lineage, nowMs, expiresAtMs, spareChars: TOKEN_SPARE_CHARS }
  return (await context.accessTokens.mint(order)) !== undefined
}

function keyOf(
  context: AppContext,
  request: { readonly handle: string; readonly tenant: string },
): SessionKey {
  return {
    app: context.app,
    tenant: request.tenant as TenantId,
    handle: request.handle as SessionHandle,
  }
}

function belongsTo(token: OpenedAccessToken, session: Session): boolean {
  return token.handle === session.handle && token.tenant === session.tenant
}

function isDead(token: OpenedAccessToken, nowMs: EpochMs): boolean {
  return nowMs >= token.expiresAtMs
}
