import type { AccessTokens, RefreshTokens } from '@pawl/core'
import type { AppDirectory } from './app-registry.ts'

/**
 * Refresh tokens, those of apps and tenants that are gone left out: to this core they are nothing.
 * One that is unknown may be new: see {@link meetTokens}.
 */
export function presentRefreshTokens(
  tokens: RefreshTokens,
  { isOfPresent }: Pick<AppDirectory, 'isOfPresent'>,
): RefreshTokens {
  return {
    mint: (order) => tokens.mint(order),
    open(token) {
      const opened = tokens.open(token)
      return opened !== undefined && isOfPresent(opened) ? opened : undefined
    },
  }
}

/**
 * Gets to know the apps and tenants of refresh tokens that this core sealed; answers true if one of
 * them was new here. Throws a `StoreError` where nobody can tell.
 */
export function meetTokens(
  tokens: RefreshTokens,
  { meet }: Pick<AppDirectory, 'meet'>,
): (texts: readonly string[]) => Promise<boolean> {
  return async (texts) => {
    let isAnyNew = false
    for (const text of texts) {
      const opened = tokens.open(text)
      if (opened !== undefined && (await meet(opened))) isAnyNew = true
    }
    return isAnyNew
  }
}

/** Access tokens, in the same way; these get to know a new app or tenant by themselves. */
export function presentAccessTokens(
  tokens: AccessTokens,
  { isOfPresent, meet }: Pick<AppDirectory, 'isOfPresent' | 'meet'>,
): AccessTokens {
  return {
    reservedClaims: tokens.reservedClaims,
    mint: (order) => tokens.mint(order),
    async open(app, token) {
      const opened = await tokens.open(app, token)
      if (opened === undefined) return undefined
      const { tenant, lineage } = opened
      const place = { app: opened.app, tenant, mintedAtMs: lineage.mintedAtMs }
      if (isOfPresent(place)) return opened
      return (await meet(place)) && isOfPresent(place) ? opened : undefined
    },
  }
}
