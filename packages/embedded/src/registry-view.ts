import { type AppSettings, appSettings, capLifetimes, faultsOf, rotationSettings } from '@pawl/core'
import type { AppEntry, AppSettingsInput, TenantEntry, TenantSettingsInput } from '@pawl/protocol'

/** An app or tenant as a core knows it. */
export interface KnownEntry<Settings> {
  readonly name: string
  /** What it has of its own. */
  readonly own: Settings
  /** What is in force. */
  readonly settings: AppSettings
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

/** The settings in force of an app that is a record: its own over those of the default app. */
export function settingsOfApp(name: string, own: AppSettingsInput, base: AppSettings): AppSettings {
  const { raceWindowMs, ...rest } = defined(own)
  const rotation = raceWindowMs === undefined ? base.rotation : rotationSettings(raceWindowMs)
  return appSettings({ ...base, audience: name, ...rest, rotation })
}

/** The settings in force of a tenant: its own over its app's. */
export function settingsOfTenant(own: TenantSettingsInput, app: AppSettings): AppSettings {
  const settings = { ...app, ...defined(own) }
  return capLifetimes(settings, settings.assurance)
}

/** What is wrong with an app, its tenants included; one sentence per fault. */
export function faultsOfApp(app: KnownApp): readonly string[] {
  const own = faultsOf(app.settings)
  const ofTenants = [...app.tenants.values()].flatMap(({ name, settings }) =>
    faultsOf(settings)
      .filter((fault) => !own.includes(fault))
      .map((fault) => `tenant ${name}: ${fault}`),
  )
  return [...own, ...ofTenants]
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
  const { name, settings, sinceMs, version } = known
  const { accessTtlSeconds, accessKind, idleTimeoutSeconds, absoluteTimeoutSeconds } = settings
  const { assurance, sessionLimit } = settings
  return {
    name,
    origin: version === null ? 'configuration' : 'store',
    createdAtMs: sinceMs,
    version,
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
