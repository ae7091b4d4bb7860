import type { EventSink } from '../domain/events.ts'
import type { AppId, TenantId } from '../domain/ids.ts'
import type { AppSettings } from '../domain/settings.ts'
import type { Clock } from '../ports/clock.ts'
import type { Later } from '../ports/later.ts'
import type { Random } from '../ports/random.ts'
import type { Registry } from '../ports/registry.ts'
import type { RevocationFeed } from '../ports/revocation-feed.ts'
import type { SessionStore } from '../ports/session-store.ts'
import type { StoreError } from '../ports/store-error.ts'
import type { AccessTokens, PublicKeys, RefreshTokens } from '../ports/tokens.ts'

/** What the use cases need; everything with an effect comes in through here. */
export interface CoreDeps {
  readonly store: SessionStore
  readonly clock: Clock
  readonly random: Random
  readonly refreshTokens: RefreshTokens
  readonly accessTokens: AccessTokens
  readonly publicKeys: PublicKeys
  readonly revocationFeed: RevocationFeed
  readonly registry: Registry
  readonly emit: EventSink
  readonly later: Later
  /** Told of trouble with the store that a caller is answered `unavailable` for. */
  readonly onStoreError?: (error: StoreError) => void
}

/** The use cases of one app. */
export interface AppContext extends CoreDeps {
  readonly app: AppId
  /** As they are now: they change while the core runs. */
  readonly settings: AppSettings
  /** The settings of a tenant, or undefined if the app has none of that name. */
  readonly findTenant: (tenant: TenantId) => Promise<AppSettings | undefined>
}
