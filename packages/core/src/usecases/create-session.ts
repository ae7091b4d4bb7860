import { type Grant, type Outcome, ok, type ParsedRequestOf, refuse } from '@pawl/protocol'
import { faultOfClaims, faultOfData } from '../domain/claims.ts'
import { idleExpiryFrom, sweepableAtMs } from '../domain/expiry.ts'
import type {
  EpochMs,
  JsonObject,
  KeyThumbprint,
  SessionHandle,
  TenantId,
  UserId,
} from '../domain/ids.ts'
import { capLifetimes, EPHEMERAL_IDLE_SECONDS } from '../domain/lifetimes.ts'
import { mintingLeadMaxMs } from '../domain/minting-time.ts'
import type { Session } from '../domain/session.ts'
import { type AppSettings, faultsOf, type SessionLimit } from '../domain/settings.ts'
import type { InsertOutcome } from '../ports/session-store.ts'
import { isStoreError, StoreError } from '../ports/store-error.ts'
import type { AppContext } from './deps.ts'
import { keepSessionLimit } from './keep-session-limit.ts'
import { type PreparedGrant, prepareGrant } from './make-grant.ts'
import { endSession } from './revoke-session.ts'

type Request = ParsedRequestOf<'createSession'>

/** How often a session is made anew because a cut-off covers it. */
const COVERED_MAX = 3

/**
 * Starts a session and grants its first tokens. The tokens are made before anything is written, so
 * that claims too large for a cookie change nothing. A session named by `replaces` is not counted
 * by the limit, and ends when the new one is there.
 * Refuses `claims_reserved`, `invalid_request`, `tenant_unknown`, `token_too_large`,
 * `session_limit`.
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

  const replaced = await findReplaced(context, request)
  const plan: Plan = { request, settings, lifetimes, replaced }
  const started = await startSession(context, plan)
  if (started.outcome.kind !== 'ok' || replaced === undefined) return started.outcome
  const hasMadeRoom = await endReplaced(context, replaced)
  const isKept = hasMadeRoom || (await keepLimit(context, started.session, plan))
  return isKept ? started.outcome : refuse('session_limit')
}

/** The session to be replaced, while it lives. */
async function findReplaced(context: AppContext, request: Request): Promise<Session | undefined> {
  if (request.replaces === undefined) return undefined
  const handle = request.replaces as SessionHandle
  const { app } = context
  const found = await context.store.find({ app, tenant: request.tenant as TenantId, handle })
  return found?.revokedAtMs === null ? found : undefined
}

/**
 * Ends the former session; false if somebody else had. The new session is there: trouble with the
 * end of the former one is not for the user to pay, who has got a good one. It ends later.
 */
async function endReplaced(context: AppContext, replaced: Session): Promise<boolean> {
  const end = () => endSession(context, replaced, 'replaced')
  try {
    return await end()
  } catch (error) {
    if (!isStoreError(error)) throw error
    context.later(`the end of the replaced session ${replaced.handle}`, end)
    return true
  }
}

/**
 * The session that was not counted made no room: another log-in has replaced it. False if the new
 * one had to go. While the store cannot say, it stays, until the next log-in.
 */
async function keepLimit(context: AppContext, made: Session, plan: Plan): Promise<boolean> {
  const limit = plan.settings.sessionLimit
  if (limit === null || !isCounted(plan, made.createdAtMs)) return true
  try {
    return await keepSessionLimit(context, made, limit)
  } catch (error) {
    if (!isStoreError(error)) throw error
    context.onStoreError?.(error)
    return true
  }
}

/** What a session is made of, beside its time and its names. */
interface Plan {
  readonly request: Request
  readonly settings: AppSettings
  readonly lifetimes: Lives
  readonly replaced: Session | undefined
}

/** What became of a log-in, and its row, which is there if the outcome is `ok`. */
interface Started {
  readonly session: Session
  readonly outcome: Outcome<Grant>
}

/**
 * Makes the row and its grant, and inserts it. A row under a cut-off that was set before the
 * request came, in the same millisecond or by a core whose clock is ahead, is made anew: later.
 */
async function startSession(context: AppContext, plan: Plan): Promise<Started> {
  const cameAtMs = context.clock.nowMs()
  const limit = limitOf(plan, cameAtMs)
  let createdAtMs = cameAtMs
  for (let attempt = 0; attempt < COVERED_MAX; attempt++) {
    const { session, prepared } = draftSession(context, plan, createdAtMs)
    const grant = await prepared.finish(session, 'created')
    if (grant === undefined) return { session, outcome: refuse('token_too_large') }
    const inserted = await insertOrForget(context, session, limit)
    if (inserted.kind !== 'covered') {
      return { session, outcome: answerOf(context, inserted, { session, grant }) }
    }
    createdAtMs = timeAfter(context, inserted.beforeMs, cameAtMs)
  }
  throw new StoreError('unavailable', 'the sessions of the user were ended again and again')
}

/** A session that is to be replaced is not counted: it goes when the new one is there. */
function limitOf(plan: Plan, nowMs: EpochMs): SessionLimit | null {
  const limit = plan.settings.sessionLimit
  return limit !== null && isCounted(plan, nowMs) ? { ...limit, max: limit.max + 1 } : limit
}

function isCounted({ request, replaced }: Plan, nowMs: EpochMs): boolean {
  return replaced?.userId === request.userId && nowMs < sweepableAtMs(replaced)
}

/** Nobody gets the tokens of a session whose insert was not answered: if it is there, it ends. */
async function insertOrForget(
  context: AppContext,
  session: Session,
  limit: SessionLimit | null,
): Promise<InsertOutcome> {
  try {
    return await context.store.insert(session, limit)
  } catch (error) {
    if (isStoreError(error) && error.kind === 'timeout') {
      const { app, tenant, handle } = session
      context.later(`the end of the session ${handle}, which nobody holds`, async () => {
        const end = { reason: 'revoked', nowMs: context.clock.nowMs() } as const
        await context.store.revoke({ app, tenant, handle }, end)
      })
    }
    throw error
  }
}

function draftSession(
  context: AppContext,
  { request, settings, lifetimes }: Plan,
  createdAtMs: EpochMs,
): { readonly session: Session; readonly prepared: PreparedGrant } {
  const { handle, origin } = context.random.session()
  const key = {
    app: context.app,
    tenant: request.tenant as TenantId,
    handle,
    keyThumbprint: (request.keyThumbprint ?? null) as KeyThumbprint | null,
  }
  const minting = { mintedAtMs: createdAtMs, nowMs: context.clock.nowMs() }
  const prepared = prepareGrant(context, { session: key, origin, parent: null, ...minting })
  const absoluteExpiresAtMs = (createdAtMs + lifetimes.absoluteMs) as EpochMs
  const idleTimeoutMs = lifetimes.idleMs
  const session: Session = {
    ...key,
    userId: request.userId as UserId,
    generation: 0,
    curHash2: prepared.root.hash2,
    curMintedAtMs: createdAtMs,
    prevHash2: null,
    confirmedAtMs: createdAtMs,
    createdAtMs,
    idleTimeoutMs,
    idleExpiresAtMs: idleExpiryFrom({ idleTimeoutMs, absoluteExpiresAtMs }, createdAtMs),
    absoluteExpiresAtMs,
    accessTtlSeconds: lifetimes.accessTtlSeconds,
    accessKind: request.accessKind ?? settings.accessKind,
    claims: request.claims as JsonObject,
    data: request.data as JsonObject,
    device: request.device as JsonObject,
    revokedAtMs: null,
    endReason: null,
  }
  return { session, prepared }
}

/**
 * The moment after a cut-off, which may lie ahead of this core's clock, but not far. Throws
 * `StoreError` for a cut-off farther ahead, and for one that was set while the request was under
 * way: whoever ended the sessions meant this one, too.
 */
function timeAfter(context: AppContext, beforeMs: EpochMs, cameAtMs: EpochMs): EpochMs {
  if (beforeMs > cameAtMs && beforeMs <= context.clock.nowMs()) {
    throw new StoreError('unavailable', 'the sessions of the user were ended meanwhile')
  }
  const { raceWindowMs } = context.settings.rotation
  if (beforeMs - cameAtMs >= mintingLeadMaxMs(raceWindowMs)) {
    throw new StoreError('unavailable', 'sessions were ended up to a time far ahead of this clock')
  }
  return (beforeMs + 1) as EpochMs
}

function answerOf(
  context: AppContext,
  outcome: Exclude<InsertOutcome, { kind: 'covered' }>,
  { session, grant }: { readonly session: Session; readonly grant: Grant },
): Outcome<Grant> {
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
