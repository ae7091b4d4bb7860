import { type Grant, type Outcome, ok, type ParsedRequestOf, refuse } from '@pawl/protocol'
import { faultOfClaims, faultOfData } from '../domain/claims.ts'
import { idleExpiryFrom } from '../domain/expiry.ts'
import type {
  EpochMs,
  JsonObject,
  KeyThumbprint,
  SessionHandle,
  TenantId,
  UserId,
} from '../domain/ids.ts'
import { capLifetimes, EPHEMERAL_IDLE_SECONDS } from '../domain/lifetimes.ts'
import type { Session } from '../domain/session.ts'
import { type AppSettings, faultsOf, type SessionLimit } from '../domain/settings.ts'
import type { AppContext } from './deps.ts'
import { prepareGrant } from './make-grant.ts'
import { endSession } from './revoke-session.ts'

type Request = ParsedRequestOf<'createSession'>

/**
 * Starts a session and grants its first tokens. The tokens are made before anything is written, so
 * that claims too large for a cookie change nothing. A session named by `replaces` ends first.
 * Refuses `claims_reserved`, `invalid_request`, `token_too_large`, `session_limit`.
 */
export async function createSession(
  context: AppContext,
  request: Request,
): Promise<Outcome<Grant>> {
  const claims = request.claims as JsonObject
  const fault = faultOfClaims(claims, context.accessTokens.reservedClaims)
  if (fault !== null) return refuse('claims_reserved', fault)
  const dataFault =
    faultOfData(request.data as JsonObject) ?? faultOfData(request.device as JsonObject)
  if (dataFault !== null) return refuse('invalid_request', dataFault)
  const settings = await context.findTenant(request.tenant as TenantId)
  if (settings === undefined) return refuse('tenant_unknown')
  const lifetimes = lifetimesOf(settings, request)
  if (lifetimes.fault !== null) return refuse('invalid_request', lifetimes.fault)

  const nowMs = context.clock.nowMs()
  const { handle, origin } = context.random.session()
  const key = {
    app: context.app,
    tenant: request.tenant as TenantId,
    handle,
    keyThumbprint: (request.keyThumbprint ?? null) as KeyThumbprint | null,
  }
  const prepared = prepareGrant(context, { session: key, origin, parent: null, nowMs })
  const absoluteExpiresAtMs = (nowMs + lifetimes.absoluteMs) as EpochMs
  const idleTimeoutMs = lifetimes.idleMs
  const session: Session = {
    ...key,
    userId: request.userId as UserId,
    generation: 0,
    curHash2: prepared.root.hash2,
    curMintedAtMs: nowMs,
    prevHash2: null,
    confirmedAtMs: nowMs,
    createdAtMs: nowMs,
    idleTimeoutMs,
    idleExpiresAtMs: idleExpiryFrom({ idleTimeoutMs, absoluteExpiresAtMs }, nowMs),
    absoluteExpiresAtMs,
    accessTtlSeconds: lifetimes.accessTtlSeconds,
    accessKind: request.accessKind ?? settings.accessKind,
    claims,
    data: request.data as JsonObject,
    device: request.device as JsonObject,
    revokedAtMs: null,
    endReason: null,
  }
  const grant = await prepared.finish(session, 'created')
  if (grant === undefined) return refuse('token_too_large')
  if (request.replaces !== undefined) {
    const replaced = { ...key, handle: request.replaces as SessionHandle }
    await endSession(context, replaced, 'replaced')
  }
  return insertSession(context, { session, limit: settings.sessionLimit, grant })
}

async function insertSession(
  context: AppContext,
  entry: { readonly session: Session; readonly limit: SessionLimit | null; readonly grant: Grant },
): Promise<Outcome<Grant>> {
  const { session, limit, grant } = entry
  const outcome = await context.store.insert(session, limit)
  switch (outcome.kind) {
    case 'duplicate':
      throw new Error('the random generator repeated a session handle')
    case 'limit-reached':
      return refuse('session_limit')
    case 'inserted': {
      const { app, tenant, handle, userId, createdAtMs: atMs } = session
      const subject = { app, tenant, userId, atMs }
      for (const ended of outcome.ended) {
        context.emit({ ...subject, handle: ended, kind: 'ended', reason: 'limit' })
      }
      context.emit({ ...subject, handle, kind: 'created', lineage: grant.lineage })
      return ok(grant)
    }
  }
}

interface Lives {
  readonly accessTtlSeconds: number
  readonly idleMs: number
  readonly absoluteMs: number
  readonly fault: string | null
}

/**
 * The session's own lifetimes: what the request asks for, within the rules of the app, and no
 * longer than the levels of tenant and request allow.
 */
function lifetimesOf(settings: AppSettings, request: Request): Lives {
  const absoluteTimeoutSeconds = request.absoluteTimeoutSeconds ?? settings.absoluteTimeoutSeconds
  const asked = {
    accessTtlSeconds: request.accessTtlSeconds ?? settings.accessTtlSeconds,
    absoluteTimeoutSeconds,
    idleTimeoutSeconds:
      request.idleTimeoutSeconds ??
      Math.min(
        settings.idleTimeoutSeconds,
        absoluteTimeoutSeconds,
        request.persistent ? Number.POSITIVE_INFINITY : EPHEMERAL_IDLE_SECONDS,
      ),
  }
  const lives = capLifetimes(capLifetimes(asked, settings.assurance), request.assurance ?? null)
  return {
    accessTtlSeconds: lives.accessTtlSeconds,
    idleMs: lives.idleTimeoutSeconds * 1000,
    absoluteMs: lives.absoluteTimeoutSeconds * 1000,
    fault: faultsOf({ ...settings, ...lives }).join('; ') || null,
  }
}
