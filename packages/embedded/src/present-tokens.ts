import {
  type AccessTokens,
  type AppId,
  isStoreError,
  type RefreshTokens,
  type StoreError,
} from '@pawl/core'
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

/** The refresh tokens of a request, once their apps and tenants are known. */
export interface MetTokens {
  /** Whether an app or tenant of one of them was new here. */
  readonly isAnyNew: boolean
  /** Those that can be judged, or are nothing to anybody, in the order given. */
  readonly readable: readonly string[]
  /** Why another one, of this app, cannot be judged: its tenant's record cannot be read. */
  readonly trouble: StoreError | undefined
}

/** Gets to know the apps and tenants of the refresh tokens that an app is shown. */
export type MeetTokens = (app: AppId, texts: readonly string[]) => Promise<MetTokens>

/**
 * Gets to know the apps and tenants of refresh tokens that this core sealed. One whose record
 * cannot be read hinders no token of another. Throws a `StoreError` where nobody can tell what is
 * there.
 */
export function meetTokens(
  tokens: RefreshTokens,
  { meet }: Pick<AppDirectory, 'meet'>,
): MeetTokens {
  return async (app, texts) => {
    const readable: string[] = []
    let isAnyNew = false
    let trouble: StoreError | undefined
    for (const text of texts) {
      const opened = tokens.open(text)
      try {
        if (opened !== undefined && (await meet(opened))) isAnyNew = true
        readable.push(text)
      } catch (error) {
        if (!isStoreError(error) || error.kind !== 'corrupt') throw error
        // One of another app would be nothing here, whatever its record said.
        if (opened?.app === app) trouble ??= error
      }
    }
    return { isAnyNew, readable, trouble }
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
