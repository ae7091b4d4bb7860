import {
  type AccessTokens,
  type AppId,
  type AppSettings,
  type CoreDeps,
  foreseeRefresh,
  type OpenedAccessToken,
  type RefreshDecision,
  type RenewedToken,
  renewAccessToken,
} from '@pawl/core'
import type { CoreApi, Outcome } from '@pawl/protocol'
import { contextOf, guardedCore } from './app-cores.ts'
import type { AppDirectory } from './app-registry.ts'
import { type FormerRefreshToken, withFormerTokens } from './former-refresh-tokens.ts'
import type { KeyRings } from './key-rings.ts'
import type { SecretRing } from './master-secret.ts'
import { meetTokens, presentAccessTokens, presentRefreshTokens } from './present-tokens.ts'
import { REFRESH_MARKS } from './refresh-token-layout.ts'
import { sealedRefreshTokens } from './sealed-refresh-tokens.ts'
import { shapedAccessTokens, type TokenShape } from './shaped-access-tokens.ts'

/** How another wire speaks with the same core: the same sessions, keys and rule. */
export interface Dialect {
  readonly shape: TokenShape
  /** Which keys sign: those that turn, one that stays, or the one for RS256. */
  readonly keys: 'turning' | 'static' | 'rsa'
  /** Whether refresh tokens come with a companion that has to be presented with them. */
  readonly hasCompanion: boolean
  /**
   * Opens a refresh token that was made elsewhere, for a session that was taken over; asks no
   * store. Default: there are none.
   */
  readonly openFormer?: (token: string) => FormerRefreshToken | undefined
  /** The app's settings as this wire has them. */
  readonly adjust: (settings: AppSettings) => AppSettings
}

/** The core of an app as a dialect speaks with it. */
export interface DialectCore extends CoreApi {
  /** See `renewAccessToken`. */
  readonly renewAccessToken: (request: {
    readonly accessToken: string
    readonly settle: boolean
  }) => Promise<Outcome<RenewedToken>>
  /** See `foreseeRefresh`. */
  readonly foreseeRefresh: (token: string) => Promise<RefreshDecision['kind'] | 'invalid'>
  /** An access token of this dialect, an expired one too; undefined for any other text. */
  readonly openAccessToken: (token: string) => Promise<OpenedAccessToken | undefined>
}

/** What dialects are made of. */
export interface DialectParts {
  readonly deps: CoreDeps
  readonly directory: AppDirectory
  readonly secrets: SecretRing
  readonly keys: KeyRings
}

/**
 * The core of an app in a dialect; whoever needs it often keeps it. Undefined if there is no such
 * app; once the app is removed it refuses everything.
 */
export function dialectCore(
  parts: DialectParts,
  app: AppId,
  dialect: Dialect,
): DialectCore | undefined {
  const { deps, directory, secrets, keys } = parts
  if (!directory.apps().has(app)) return undefined
  const { shape, hasCompanion, adjust } = dialect
  const marks =
    (hasCompanion ? REFRESH_MARKS.companion : 0) |
    (dialect.keys === 'static' ? REFRESH_MARKS.staticKey : 0)
  const tokens: AccessTokens = shapedAccessTokens({
    ...{ shape, secrets, hasCompanion },
    ...{ ring: keys[dialect.keys], former: keys.former },
  })
  const accessTokens = presentAccessTokens(tokens, directory)
  const sealed = sealedRefreshTokens(secrets, marks)
  const own = presentRefreshTokens(sealed, directory)
  const refreshTokens = withFormerTokens(own, app, dialect.openFormer)
  const context = contextOf({ ...deps, accessTokens, refreshTokens }, directory, { app, adjust })
  const meet = meetTokens(sealed, directory)
  return {
    ...guardedCore(context, { directory, meet }),
    renewAccessToken: (request) => renewAccessToken(context, request),
    async foreseeRefresh(token) {
      const foreseen = await foreseeRefresh(context, token)
      if (foreseen !== 'invalid') return foreseen
      const { isAnyNew, trouble } = await meet(app, [token])
      if (trouble !== undefined) throw trouble
      return isAnyNew ? foreseeRefresh(context, token) : foreseen
    },
    openAccessToken: (token) => accessTokens.open(app, token),
  }
}
