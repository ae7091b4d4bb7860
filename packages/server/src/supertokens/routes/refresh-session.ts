import type { DialectCore, OpenedByWire } from '@pawl/embedded'
import { type Grant, type Outcome, type Refusal, refuse as refuseFor } from '@pawl/protocol'
import { grantAnswer } from '../answer-grant.ts'
import { faultOfClaimNames } from '../claim-names.ts'
import { wireHandleOf } from '../names.ts'
import { defineRoute, type WireCall, type WireContext } from '../wire-call.ts'
import {
  json,
  PROTECTED_CLAIM,
  refusal,
  text,
  unauthorised,
  type WireAnswer,
} from '../wire-reply.ts'

/** `POST /recipe/session/refresh`: presents a refresh token. */
export const refreshSession = defineRoute({
  scope: 'app',
  fields: {
    refreshToken: 'string',
    enableAntiCsrf: 'boolean',
    antiCsrfToken: 'string?',
    useDynamicSigningKey: 'boolean?',
  },
  async run(call) {
    const { fields, version, context, app } = call
    const { refreshToken, enableAntiCsrf: hasCompanion } = fields
    if (version.isStrict && fields.useDynamicSigningKey === undefined) {
      return text(400, "Field name 'useDynamicSigningKey' is invalid in JSON input")
    }
    const opened: Opened | undefined =
      context.core.openForWire(refreshToken) ?? (await openFormer(context, { app, refreshToken }))
    if (opened === undefined || opened.app !== app) {
      return unauthorised('the refresh token is not one of this app', {
        code: 'refresh_token_invalid',
      })
    }
    const { handle } = opened
    if (!isCompanionRight(opened, fields)) {
      return unauthorised('Anti CSRF token missing, or not matching', { code: 'csrf', handle })
    }
    const limited = context.limits.faultOfRefresh(() => [handle])
    if (limited !== null) return refusal(limited)
    const chosen = version.hasTenants ? fields.useDynamicSigningKey : undefined
    const isStaticKey = chosen === undefined ? opened.isStaticKey : !chosen
    const form = { version: version.tokenVersion, isStaticKey, hasCompanion }
    const core = call.speaking(form)
    if (opened.isFormer && (await isOnTheWay(core, call))) {
      return refusal(refuseFor('unavailable', 'the session is still being taken over'))
    }
    const outcome = await core.refreshSession({ refreshTokens: [refreshToken] })
    if (outcome.kind === 'refused') return refuse(call, opened, outcome)
    count(call, outcome)
    return grantAnswer(outcome.value, { version, hasCompanion })
  },
})

type Opened = OpenedByWire & { readonly isFormer?: boolean }

/** A token of the core whose sessions were taken over. */
async function openFormer(
  context: WireContext,
  of: { readonly app: string; readonly refreshToken: string },
): Promise<Opened | undefined> {
  const { app, refreshToken } = of
  const former = await context.former.open(app, refreshToken)
  if (former === undefined) return undefined
  const { tenant, handle, companion } = former
  return {
    ...{ app, tenant, handle, isFormer: true, isStaticKey: false },
    hasCompanion: companion !== null,
    isCompanion: (text) => text === companion,
  }
}

/** While sessions are taken over, a token that cannot be granted yet is told to come again. */
async function isOnTheWay(
  core: DialectCore,
  call: Pick<WireCall, 'context' | 'app'> & { readonly fields: { readonly refreshToken: string } },
): Promise<boolean> {
  if (!call.context.former.isOpen(call.app)) return false
  const foreseen = await core.foreseeRefresh(call.fields.refreshToken)
  return foreseen === 'theft' || foreseen === 'reject'
}

/** A token that came with a companion is refused without it, where the driver uses companions. */
function isCompanionRight(
  opened: OpenedByWire,
  fields: {
    readonly enableAntiCsrf: boolean
    readonly antiCsrfToken: string | undefined
  },
): boolean {
  if (!fields.enableAntiCsrf || !opened.hasCompanion) return true
  return fields.antiCsrfToken !== undefined && opened.isCompanion(fields.antiCsrfToken)
}

function count({ context }: Pick<WireCall, 'context'>, outcome: Outcome<Grant>): void {
  // The address is the driver's own: what counts here is the session.
  context.limits.afterCall({ operation: 'refreshSession', addressOf: () => '' }, outcome)
}

async function refuse(
  call: Pick<WireCall, 'native' | 'version'>,
  opened: OpenedByWire,
  refused: Refusal,
): Promise<WireAnswer> {
  const { code, session } = refused
  const { handle, tenant } = opened
  if (code === 'token_theft' && session !== undefined) {
    const { userId } = session
    const stolen = { handle: wireHandleOf(session), userId, recipeUserId: userId }
    return json({ status: 'TOKEN_THEFT_DETECTED', session: stolen }, { code, handle })
  }
  if (code === 'token_too_large') {
    // Claims of a session that an older version started may have names that are the token's now.
    const found = await call.native.getSession({ handle, tenant })
    const claims = found.kind === 'ok' ? found.value.claims : {}
    const isReserved = faultOfClaimNames(claims, call.version) !== null
    if (isReserved) return unauthorised(PROTECTED_CLAIM, { code, handle })
  }
  return refusal(refused)
}
