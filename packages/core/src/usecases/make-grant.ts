import type { Grant } from '@pawl/protocol'
import { TOKEN_SPARE_CHARS } from '../domain/claims.ts'
import type { LineageFacts } from '../domain/events.ts'
import { idleExpiryFrom } from '../domain/expiry.ts'
import type { EpochMs } from '../domain/ids.ts'
import type { Session } from '../domain/session.ts'
import type { Origin } from '../ports/random.ts'
import type { OpenedRefreshToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'
import { lineageFacts, lineageOf, viewOf } from './views.ts'

/** A grant under way: the refresh token is minted, the access token is being signed. */
export interface PreparedGrant {
  readonly root: OpenedRefreshToken
  readonly lineage: LineageFacts
  /** Undefined if the access token would be too large. */
  readonly finish: (session: Session, rule: Grant['rule']) => Promise<Grant | undefined>
}

/**
 * Mints the refresh token of a grant: a child of `parent`, or the root of a new session. Nothing
 * leaves the core before `finish`, which callers await after their write was acknowledged.
 */
export function prepareGrant(
  context: AppContext,
  of: {
    readonly session: Pick<Session, 'app' | 'tenant' | 'handle' | 'keyThumbprint'>
    readonly origin: Origin
    readonly parent: OpenedRefreshToken | null
    /** When the refresh token is minted: never before its parent and its session. */
    readonly mintedAtMs: EpochMs
    readonly nowMs: EpochMs
  },
): PreparedGrant {
  const { session, origin, parent, mintedAtMs, nowMs } = of
  const minted = context.refreshTokens.mint({ session, origin, parent, mintedAtMs })
  const lineage = lineageOf(minted.opened)
  const facts = lineageFacts(lineage)

  async function finish(row: Session, rule: Grant['rule']): Promise<Grant | undefined> {
    const expiresAtMs = accessExpiryFrom(context, row, nowMs)
    const spareChars = rule === 'created' ? TOKEN_SPARE_CHARS : 0
    const order = { session: row, lineage, nowMs, expiresAtMs, spareChars }
    const token = await context.accessTokens.mint(order)
    if (token === undefined) return undefined
    return {
      session: viewOf(row),
      accessToken: { token, expiresAtMs },
      refreshToken: { token: minted.token, expiresAtMs: idleExpiryFrom(row, nowMs) },
      lineage: facts,
      rule,
    }
  }
  return { root: minted.opened, lineage: facts, finish }
}

/**
 * When an access token minted now dies: after its life less jitter, never past the session's end,
 * at a whole second (RFC 7519 section 2, NumericDate), rounded down.
 */
export function accessExpiryFrom(context: AppContext, session: Session, nowMs: EpochMs): EpochMs {
  const shortened = 1 - context.settings.accessJitterShare * context.random.fraction()
  const expiresAtMs = nowMs + session.accessTtlSeconds * 1000 * shortened
  const endMs = Math.min(expiresAtMs, session.absoluteExpiresAtMs)
  return (Math.floor(endMs / 1000) * 1000) as EpochMs
}
