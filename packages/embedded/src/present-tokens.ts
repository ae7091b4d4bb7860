import type { AccessTokens, RefreshTokens } from '@pawl/core'
import type { AppDirectory } from './app-registry.ts'

/**
 * Refresh tokens, those of apps and tenants that are gone left out: to this core they are nothing.
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

/** The same for access tokens. */
export function presentAccessTokens(
  tokens: AccessTokens,
  { isOfPresent }: Pick<AppDirectory, 'isOfPresent'>,
): AccessTokens {
  return {
    reservedClaims: tokens.reservedClaims,
    mint: (order) => tokens.mint(order),
    async open(app, token) {
      const opened = await tokens.open(app, token)
      if (opened === undefined) return undefined
      const { tenant, lineage } = opened
      const { mintedAtMs } = lineage
      return isOfPresent({ app: opened.app, tenant, mintedAtMs }) ? opened : undefined
    },
  }
}
