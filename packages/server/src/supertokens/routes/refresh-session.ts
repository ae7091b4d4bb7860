import type { OpenedByWire } from '@pawl/embedded'
import type { Grant, Outcome, Refusal } from '@pawl/protocol'
import { grantAnswer } from '../answer-grant.ts'
import { faultOfClaimNames } from '../claim-names.ts'
import { wireHandleOf } from '../names.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
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
    const opened = context.core.openForWire(refreshToken)
    if (opened === undefined || opened.app !== app) {
      return unauthorised('the refresh token is not one of this app', {
        code: 'refresh_token_invalid',
      })
    }
    const { handle } = opened
    if (!isCompanionRight(opened, fields)) {
      return unauthorised('Anti CSRF token missing, or not matching', { code: 'csrf', handle })
    }
    const limited = context.limits.faultOfRefresh(() => handle)
    if (limited !== null) return refusal(limited)
    const chosen = version.hasTenants ? fields.useDynamicSigningKey : undefined
    const isStaticKey = chosen === undefined ? opened.isStaticKey : !chosen
    const form = { version: version.tokenVersion, isStaticKey, hasCompanion }
    const outcome = await call.speaking(form).refreshSession({ refreshTokens: [refreshToken] })
    if (outcome.kind === 'refused') return refuse(call, opened, outcome)
    count(call, outcome)
    return grantAnswer(outcome.value, { version, hasCompanion })
  },
})

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
