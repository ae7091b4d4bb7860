import {
  type AppId,
  type AppSettings,
  appSettings,
  type Clock,
  type CoreDeps,
  type EventSink,
  type Store,
  type StoreError,
} from '@pawl/core'
import type { CoreApi } from '@pawl/protocol'
import { accessTokens } from './access-tokens.ts'
import { appCores } from './app-cores.ts'
import { openAppDirectory } from './app-registry.ts'
import { claimStore } from './claim-store.ts'
import { openCoreClock } from './core-clock.ts'
import type { SigningOptions } from './key-settings.ts'
import { laterQueue } from './later.ts'
import { openLivingRing, type SecretSource } from './living-secrets.ts'
import { namedLog } from './named-log.ts'
import { noticingStore } from './noticing-store.ts'
import { openKeys } from './open-keys.ts'
import { meetTokens, presentAccessTokens, presentRefreshTokens } from './present-tokens.ts'
import { systemRandom } from './random-pool.ts'
import { appRegistry } from './registry-changes.ts'
import { faultsOfApp } from './registry-view.ts'
import { revocationFeed } from './revocation-feed.ts'
import { revocationTail } from './revocation-tail.ts'
import { sealedRefreshTokens } from './sealed-refresh-tokens.ts'
import { openStoreWitness, witnessedStore } from './store-witness.ts'
import { startSweeper } from './sweeper.ts'
import { type WireSide, wireSide } from './wire-side.ts'

const DEFAULT_APP = 'default' as AppId
const APP_NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/

/** What a tenant may have of its own. */
export type TenantSettings = Partial<
  Pick<
    AppSettings,
    | 'accessTtlSeconds'
    | 'accessKind'
    | 'idleTimeoutSeconds'
    | 'absoluteTimeoutSeconds'
    | 'assurance'
    | 'sessionLimit'
  >
>

/** Where a core that lives in this process keeps its sessions, and how it behaves. */
export interface EmbedOptions {
  readonly store: Store
  /**
   * The master secret, at least 32 bytes; of several the first seals and all of them open. A
   * function is asked again, ten times a second at most, when a token names one that is not known.
   */
  readonly secret: SecretSource
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
  /**
   * Whether a time that the clock of the store contradicts by more than 30 s is refused to decide
   * by. Default true; false where the database's clock is wrong and cannot be put right soon.
   */
  readonly trustsStoreClock?: boolean
  /** Called after each event of a session; must return at once. What it throws is reported. */
  readonly onEvent?: EventSink
  /** Told of trouble outside any request: an observer that threw, a sweep that failed. */
  readonly onTrouble?: (error: unknown) => void
  /** Told of trouble with the store that a caller is answered `unavailable` for: at every call. */
  readonly onStoreError?: (error: StoreError) => void
  /** Whether `close` closes the store too. Default true. */
  readonly closesStore?: boolean
  /**
   * Whether this core only looks in, as a command does beside cores that serve: it makes, turns and
   * deletes no signing key, sweeps nothing, and neither reads nor leaves a time. Default false.
   */
  readonly isVisitor?: boolean
}

/** A core in this process: the API of the default app, and of the others by name. */
export type EmbeddedCore = CoreApi &
  WireSide & {
    /** The API of an app; undefined if there is none of this name. */
    readonly app: (name: string) => CoreApi | undefined
    /** The session of a refresh token of this core; undefined for any other text. Asks no store. */
    readonly handleOf: (refreshToken: string) => string | undefined
    /** Reads apps and tenants now: changes made at other cores are else known within 5 seconds. */
    readonly reloadApps: () => Promise<void>
    /** The same, at the cost of one small read where nothing has changed. */
    readonly lookAtApps: () => Promise<void>
    /** How long an app's key has been signing, in seconds; throws while none can be read. */
    readonly signingKeyAgeSeconds: (app: string) => Promise<number>
    /** Resolves if the store takes reads and writes now, and is still the one of the start. */
    readonly ping: () => Promise<void>
    /** This core's time, ms since the epoch: what tokens and sessions are judged by. */
    readonly nowMs: () => number
    /**
     * Why nothing may be decided by that time now, in words; null if all is well. Until then
     * whatever needs the time is refused as `unavailable`.
     */
    readonly clockFault: () => string | null
    /** Deletes what has ended now, beyond the regular sweeps. Returns how many rows. */
    readonly sweep: () => Promise<number>
    /** Ends every following of the feed of revocations, ahead of `close`; new ones are refused. */
    readonly endFeeds: () => void
  }

/**
 * Opens a core in this process. Brings the store's schema up to date, makes the first signing key
 * of each app, and refuses a master secret that is not the store's. A key that is there goes before
 * `signing`, and the difference is reported. Throws for illegal settings (all faults in one
 * message), a wrong secret, or a store that cannot be reached: nothing of the core goes on then,
 * and the store is left open to whoever opened it.
 */
export async function embedCore(options: EmbedOptions): Promise<EmbeddedCore> {
  const opened = new AsyncDisposableStack()
  try {
    return await openCore(options, opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** Opens a core; what has to be closed if that fails is left in `opened`. */
async function openCore(
  options: EmbedOptions,
  opened: AsyncDisposableStack,
): Promise<EmbeddedCore> {
  const { store, closesStore = true, isVisitor = false, onTrouble = reportTrouble } = options
  const ground = await openGround({ ...options, isVisitor, onTrouble }, opened)
  const { settings, secrets, witness, time, keys } = ground
  const { clock, decisive } = time
  const background = laterQueue(onTrouble)
  opened.defer(background.close)
  const tail = revocationTail({ store: namedLog(store), clock, onTrouble })
  opened.defer(tail.close)
  const feed = revocationFeed({ tail, clock, clockFault: time.fault })
  opened.defer(feed.close)
  const sessions = witnessedStore(noticingStore(store, tail.nudge), witness)
  const { tenants = {} } = options
  const known = { records: store, sessions, clock: decisive, apps: settings, tenants, onTrouble }
  const directory = await openAppDirectory(known)
  opened.defer(directory.close)
  const sealed = sealedRefreshTokens(secrets)
  const refreshTokens = presentRefreshTokens(sealed, directory)
  const makeKeys = async (app: AppId) => (isVisitor ? undefined : keys.own.reload(app))
  const deps: CoreDeps = {
    store: sessions,
    revocationFeed: feed,
    clock: decisive,
    random: systemRandom,
    refreshTokens,
    accessTokens: presentAccessTokens(
      accessTokens(secrets, keys.own, directory.settingsOf),
      directory,
    ),
    publicKeys: keys.publicKeys,
    registry: appRegistry({ ...known, directory, makeKeys }),
    ...{ emit: guardedSink(options.onEvent, onTrouble), later: background.later },
    ...(options.onStoreError === undefined ? {} : { onStoreError: options.onStoreError }),
  }
  const coreOf = appCores(deps, { directory, meet: meetTokens(sealed, directory) })
  const core = coreOf(DEFAULT_APP)
  if (core === undefined) throw new Error('there is no default app')
  const sweeper = isVisitor
    ? undefined
    : startSweeper({ store, clock, storeMs: time.storeMs, clockFault: time.fault, onTrouble })
  return {
    ...core,
    ...wireSide({ deps, directory, secrets, keys }),
    app: (name) => coreOf(name as AppId),
    handleOf: (token) => sealed.open(token)?.handle,
    reloadApps: () => directory.reload(),
    lookAtApps: () => directory.look(),
    signingKeyAgeSeconds: (app) => keyAgeSeconds(keys.own.signingKeyOf(app as AppId), clock),
    ping: () => store.ping().then(witness),
    nowMs: () => clock.nowMs(),
    clockFault: () => time.fault(),
    sweep: async () => sweeper?.sweep() ?? 0,
    endFeeds: () => feed.close(),
    async close() {
      feed.close()
      tail.close()
      directory.close()
      await Promise.all([background.close(), sweeper?.stop()])
      await time.stop()
      if (closesStore) await store.close()
    },
  }
}

/** What a core stands on: the store found to be its own, the time, and the keys. */
async function openGround(
  options: EmbedOptions & Pick<Required<EmbedOptions>, 'isVisitor' | 'onTrouble'>,
  opened: AsyncDisposableStack,
) {
  const { store, isVisitor, onTrouble, signing } = options
  const settings = settingsOfApps(options)
  const secrets = openLivingRing(options.secret, {
    ...{ onTrouble, elapsedMs: () => performance.now() },
  })
  await store.migrate()
  await claimStore(store, secrets)
  const witness = await openStoreWitness(store, secrets)
  const time = await openCoreClock(options)
  opened.defer(time.stop)
  const { clock, fault: clockFault } = time
  const keys = await openKeys({
    ...{ store, secrets, clock, isVisitor, clockFault, onTrouble },
    ...{ signing, apps: [...settings.keys()] },
  })
  return { settings, secrets, witness, time, keys }
}

async function keyAgeSeconds(
  key: Promise<{ readonly signsFromMs: number }>,
  clock: Clock,
): Promise<number> {
  return (clock.nowMs() - (await key).signsFromMs) / 1_000
}

/** The settings of every app, or one error that names every fault. */
function settingsOfApps(options: EmbedOptions): ReadonlyMap<AppId, AppSettings> {
  const settings = new Map<AppId, AppSettings>([[DEFAULT_APP, appSettings(options.settings)]])
  for (const [name, own] of Object.entries(options.apps ?? {})) {
    settings.set(name as AppId, appSettings({ audience: name, ...own }))
  }
  const { tenants = {} } = options
  const tenantsOf = (app: AppId) =>
    Object.entries((Object.hasOwn(tenants, app) && tenants[app]) || {}).map(([name, own]) => ({
      name,
      own,
    }))
  const faults = [...settings].flatMap(([app, own]) => [
    ...(APP_NAME.test(app) ? [] : [`the app name ${JSON.stringify(app)} is not legal`]),
    ...faultsOfApp(own, tenantsOf(app)).map((fault) =>
      app === DEFAULT_APP ? fault : `app ${app}: ${fault}`,
    ),
  ])
  if (faults.length > 0) throw new Error(`the settings are not legal: ${faults.join('; ')}`)
  return settings
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
