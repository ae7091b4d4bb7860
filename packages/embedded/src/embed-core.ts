import {
  type AppId,
  type AppSettings,
  appSettings,
  type Clock,
  type CoreDeps,
  type EpochMs,
  type EventSink,
  faultsOf,
  makeCore,
  type Store,
  type TenantId,
} from '@pawl/core'
import type { CoreApi } from '@pawl/protocol'
import { accessTokens } from './access-tokens.ts'
import { openKeyRing } from './key-ring.ts'
import { keySettings, type SigningOptions } from './key-settings.ts'
import { openSecretRing } from './master-secret.ts'
import { noticingStore } from './noticing-store.ts'
import { systemRandom } from './random-pool.ts'
import { revocationFeed } from './revocation-feed.ts'
import { revocationTail } from './revocation-tail.ts'
import { sealedRefreshTokens } from './sealed-refresh-tokens.ts'
import { matchSecret } from './secret-fingerprint.ts'
import { startSweeper } from './sweeper.ts'

const DEFAULT_APP = 'default' as AppId
const DEFAULT_TENANT = 'default' as TenantId
const APP_NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/

/** What a tenant may have of its own. */
export type TenantSettings = Partial<
  Pick<
    AppSettings,
    | 'accessTtlSeconds'
    | 'accessKind'
    | 'idleTimeoutSeconds'
    | 'absoluteTimeoutSeconds'
    | 'sessionLimit'
  >
>

/** Where a core that lives in this process keeps its sessions, and how it behaves. */
export interface EmbedOptions {
  readonly store: Store
  /** The master secret, at least 32 bytes; of several the first seals and all of them open. */
  readonly secret: string | readonly string[]
  /** Settings of the default app; what is left out has its default. */
  readonly settings?: Partial<AppSettings>
  /**
   * Further apps by name: isolated from each other, each with its own keys and settings. The
   * audience of an app's tokens is its name unless its settings say otherwise.
   */
  readonly apps?: { readonly [name: string]: Partial<AppSettings> }
  /**
   * Tenants beside `default`, by app and name, with what differs from their app. Issuer, audience
   * and the rule's own parameters are the app's.
   */
  readonly tenants?: { readonly [app: string]: { readonly [tenant: string]: TenantSettings } }
  /** How access tokens are signed, and how the keys turn. */
  readonly signing?: SigningOptions
  /** The source of time; default: this machine's clock. */
  readonly clock?: Clock
  /** Called after each event of a session; must return at once. What it throws is reported. */
  readonly onEvent?: EventSink
  /** Told of trouble outside any request: an observer that threw, a sweep that failed. */
  readonly onTrouble?: (error: unknown) => void
  /** Whether `close` closes the store too. Default true. */
  readonly closesStore?: boolean
}

/** A core in this process: the API of the default app, and of the others by name. */
export type EmbeddedCore = CoreApi & {
  /** The API of an app; undefined if there is none of this name. */
  readonly app: (name: string) => CoreApi | undefined
  /** Resolves if the store takes reads and writes now. */
  readonly ping: () => Promise<void>
  /** Deletes what has ended now, beyond the regular sweeps. Returns how many rows. */
  readonly sweep: () => Promise<number>
  /** Ends every following of the feed of revocations, ahead of `close`; new ones are refused. */
  readonly endFeeds: () => void
}

const systemClock: Clock = { nowMs: () => Date.now() as EpochMs }

/**
 * Opens a core in this process. Brings the store's schema up to date, makes the first signing key
 * of each app, and refuses a master secret that is not the store's. Throws for illegal settings
 * (all faults in one message), a wrong secret, or a store that cannot be reached.
 */
export async function embedCore(options: EmbedOptions): Promise<EmbeddedCore> {
  const { store, clock = systemClock, closesStore = true, onTrouble = reportTrouble } = options
  const settings = settingsOfApps(options)
  const secrets = openSecretRing([options.secret].flat())
  await store.migrate()
  await matchSecret(store, secrets)
  const signing = keySettings(options.signing)
  const keys = openKeyRing({ store, secrets, clock, settings: signing, onTrouble })
  await Promise.all([...settings.keys()].map((app) => keys.reload(app)))
  const tail = revocationTail({ store, clock, onTrouble })
  const feed = revocationFeed(tail, clock)
  const deps: CoreDeps = {
    store: noticingStore(store, tail.nudge),
    revocationFeed: feed,
    clock,
    random: systemRandom,
    refreshTokens: sealedRefreshTokens(secrets),
    accessTokens: accessTokens(secrets, keys, (app) => settings.get(app)),
    publicKeys: keys,
    emit: guardedSink(options.onEvent, onTrouble),
  }
  const cores = new Map<string, CoreApi>()
  for (const [app, own] of settings) {
    const findTenant = async (tenant: TenantId) => settingsOfTenant(options, own, { app, tenant })
    cores.set(app, makeCore({ ...deps, app, settings: own, findTenant }))
  }
  const core = cores.get(DEFAULT_APP)
  if (core === undefined) throw new Error('there is no default app')
  const sweeper = startSweeper(store, clock, onTrouble)
  return {
    ...core,
    app: (name) => cores.get(name),
    ping: () => store.ping(),
    sweep: () => sweeper.sweep(),
    endFeeds: () => feed.close(),
    async close() {
      feed.close()
      tail.close()
      await sweeper.stop()
      if (closesStore) await store.close()
    },
  }
}

/** The settings of every app, or one error that names every fault. */
function settingsOfApps(options: EmbedOptions): ReadonlyMap<AppId, AppSettings> {
  const settings = new Map<AppId, AppSettings>([[DEFAULT_APP, appSettings(options.settings)]])
  for (const [name, own] of Object.entries(options.apps ?? {})) {
    settings.set(name as AppId, appSettings({ audience: name, ...own }))
  }
  const faults = [...settings].flatMap(([app, own]) => [
    ...(APP_NAME.test(app) ? [] : [`the app name ${JSON.stringify(app)} is not legal`]),
    ...faultsOf(own).map((fault) => (app === DEFAULT_APP ? fault : `app ${app}: ${fault}`)),
  ])
  if (faults.length > 0) throw new Error(`the settings are not legal: ${faults.join('; ')}`)
  return settings
}

function settingsOfTenant(
  options: EmbedOptions,
  own: AppSettings,
  of: { readonly app: AppId; readonly tenant: TenantId },
): AppSettings | undefined {
  if (of.tenant === DEFAULT_TENANT) return own
  const tenants = options.tenants?.[of.app] ?? {}
  return Object.hasOwn(tenants, of.tenant) ? { ...own, ...tenants[of.tenant] } : undefined
}

/** An observer that throws is reported and never fails the request. */
function guardedSink(
  onEvent: EventSink | undefined,
  onTrouble: (error: unknown) => void,
): EventSink {
  if (onEvent === undefined) return () => {}
  return (event) => {
    try {
      onEvent(event)
    } catch (error) {
      onTrouble(error)
    }
  }
}

function reportTrouble(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'PAWL_CORE' })
}
