import {
  type AppSettings,
  appSettings,
  capLifetimes,
  faultsOf,
  nearestLegalSettings,
  rotationSettings,
  type StoreError,
  withRaceWindow,
} from '@pawl/core'
import type { AppEntry, AppSettingsInput, TenantEntry, TenantSettingsInput } from '@pawl/protocol'

/** An app or tenant as a core knows it. */
export interface KnownEntry<Settings> {
  readonly name: string
  /** What it has of its own. */
  readonly own: Settings
  /** What is in force: legal. */
  readonly settings: AppSettings
  /** What is wrong with the settings as they are written and inherited, one sentence each. */
  readonly faults: readonly string[]
  /** Why its record cannot be read; null if it can. While it cannot, nothing is in force. */
  readonly trouble: StoreError | null
  /** Tokens minted before are of a former app or tenant of this name; null: there was none. */
  readonly sinceMs: number | null
  /** Null for one of the configuration. */
  readonly version: number | null
}

/** A tenant as a core knows it. */
export type KnownTenant = KnownEntry<TenantSettingsInput>
/** An app as a core knows it, with its tenants by name; `default` is not among them. */
export interface KnownApp extends KnownEntry<AppSettingsInput> {
  readonly tenants: ReadonlyMap<string, KnownTenant>
}

/** An app or tenant before it is known what is in force of it. */
export type EntryDraft<Settings> = Omit<KnownEntry<Settings>, 'settings' | 'faults'>

/**
 * An app from what is wanted of it, and its tenants from what they have of their own. Where that is
 * not legal, the nearest legal settings are in force; the race window is the app's, so the access
 * token's life of a tenant may shorten it for the whole app.
 */
export function knowApp(
  app: EntryDraft<AppSettingsInput> & { readonly wanted: AppSettings },
  drafts: readonly EntryDraft<TenantSettingsInput>[],
): KnownApp {
  const { wanted, ...draft } = app
  const settings = nearestLegalSettings(wanted)
  const tenants = drafts.map((tenant): KnownTenant => {
    const own = settingsOfTenant(tenant.own, settings)
    return { ...tenant, settings: nearestLegalSettings(own), faults: faultsOf(own) }
  })
  const raceWindowMaxMs = tenants.reduce(
    (least, tenant) => Math.min(least, tenant.settings.rotation.raceWindowMs),
    settings.rotation.raceWindowMs,
  )
  const inForce = withRaceWindow(settings, raceWindowMaxMs)
  const { rotation } = inForce
  const known = tenants.map((tenant) => {
    const { settings: own } = tenant
    const isSame = own.rotation.raceWindowMs === rotation.raceWindowMs
    return [tenant.name, isSame ? tenant : { ...tenant, settings: { ...own, rotation } }] as const
  })
  return { ...draft, settings: inForce, faults: faultsOf(wanted), tenants: new Map(known) }
}

/** The settings wanted of an app that is a record: its own over those of the default app. */
export function settingsOfApp(name: string, own: AppSettingsInput, base: AppSettings): AppSettings {
  const { raceWindowMs, ...rest } = defined(own)
  const rotation = raceWindowMs === undefined ? base.rotation : rotationSettings(raceWindowMs)
  return appSettings({ ...base, audience: name, ...rest, rotation })
}

/** The settings wanted of a tenant: its own over its app's. */
export function settingsOfTenant(own: TenantSettingsInput, app: AppSettings): AppSettings {
  const settings = { ...app, ...defined(own) }
  return capLifetimes(settings, settings.assurance)
}

/** What is wrong with settings wanted of an app, its tenants included; one sentence per fault. */
export function faultsOfApp(
  wanted: AppSettings,
  tenants: Iterable<Pick<KnownTenant, 'name' | 'own'>>,
): readonly string[] {
  const own = faultsOf(wanted)
  const ofTenants = [...tenants].flatMap((tenant) =>
    faultsOf(settingsOfTenant(tenant.own, wanted))
      .filter((fault) => !own.includes(fault))
      .map((fault) => `tenant ${tenant.name}: ${fault}`),
  )
  return [...own, ...ofTenants]
}

/** What an operator has to know of an app and its tenants now, one error each. */
export function troublesOf(app: KnownApp): readonly Error[] {
  const ofTenants = [...app.tenants.values()].map((tenant) =>
    troubleOf(`the tenant ${tenant.name} of the app ${app.name}`, tenant),
  )
  return [troubleOf(`the app ${app.name}`, app), ...ofTenants].filter((trouble) => trouble !== null)
}

function troubleOf(
  whose: string,
  { trouble, faults, settings }: KnownEntry<unknown>,
): Error | null {
  if (trouble !== null) return trouble
  if (faults.length === 0) return null
  const { accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds, rotation } = settings
  const { raceWindowMs } = rotation
  const inForce = { accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds, raceWindowMs }
  return new Error(
    `the settings of ${whose} do not go together with what they inherit: ${faults.join('; ')}; ` +
      `the nearest legal ones are in force: ${JSON.stringify(inForce)}`,
  )
}

/** An app as operators see it. */
export function appEntryOf(app: KnownApp): AppEntry {
  return { ...entryOf(app), settings: app.own }
}

/** A tenant as operators see it. */
export function tenantEntryOf(tenant: KnownTenant): TenantEntry {
  return { ...entryOf(tenant), settings: tenant.own }
}

function entryOf(known: KnownEntry<unknown>): Omit<AppEntry, 'settings'> {
  const { name, settings, sinceMs, version, trouble, faults } = known
  const { accessTtlSeconds, accessKind, idleTimeoutSeconds, absoluteTimeoutSeconds } = settings
  const { assurance, sessionLimit } = settings
  return {
    name,
    origin: version === null ? 'configuration' : 'store',
    createdAtMs: sinceMs,
    version,
    faults: trouble === null ? [...faults] : [trouble.message],
    inForce: {
      ...{ accessTtlSeconds, accessKind, idleTimeoutSeconds, absoluteTimeoutSeconds },
      ...{ assurance, sessionLimit: sessionLimit === null ? null : { ...sessionLimit } },
    },
  }
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Members that are undefined are left out, so that they hide nothing. */
function defined<T extends object>(given: T): Defined<T> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Defined<T>
}
