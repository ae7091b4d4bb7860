import {
  type AppId,
  type AppSettings,
  type RecordStore,
  type SessionStore,
  type StoredRecord,
  StoreError,
  type TenantId,
} from '@pawl/core'
import type { TenantSettingsInput } from '@pawl/protocol'
import {
  APP_KIND,
  CHANGES_KEY,
  decodeApp,
  decodeTenant,
  INSTALLATION,
  TENANT_KIND,
} from './registry-records.ts'
import {
  type KnownApp,
  type KnownTenant,
  settingsOfApp,
  settingsOfTenant,
} from './registry-view.ts'
import type { SteadyClock } from './steady-clock.ts'

/** How often a core looks for changes of apps and tenants, in milliseconds. */
const LOOK_INTERVAL_MS = 2_000
/** Everything is read anew after this long, though no change was announced, in milliseconds. */
const FULL_READ_MS = 60_000
/** How often a change is announced against other cores that do the same. */
const ANNOUNCE_ATTEMPTS_MAX = 64
const DEFAULT_NAME = 'default'

/** What a registry is made of. */
export interface RegistryOptions {
  readonly records: RecordStore
  readonly sessions: Pick<SessionStore, 'revokeBefore'>
  readonly clock: SteadyClock
  /** The apps of the configuration, the default one included. */
  readonly apps: ReadonlyMap<AppId, AppSettings>
  /** The tenants of the configuration, by app and name. */
  readonly tenants: {
    readonly [app: string]: { readonly [tenant: string]: TenantSettingsInput }
  }
  /** Told of the first failure of a row of looks; what is known stays in use meanwhile. */
  readonly onTrouble: (error: unknown) => void
}

/** What a core knows of its apps and tenants: at hand without waiting, and never older than 5 s. */
export interface AppDirectory {
  readonly apps: () => ReadonlyMap<string, KnownApp>
  readonly settingsOf: (app: AppId) => AppSettings | undefined
  /** The settings of a tenant; undefined if there is no such app or tenant. */
  readonly tenantSettingsOf: (app: AppId, tenant: TenantId) => AppSettings | undefined
  /** Whether a token may be of the app and tenant that have these names now. */
  readonly isOfPresent: (token: {
    readonly app: AppId
    readonly tenant: TenantId
    readonly mintedAtMs: number
  }) => boolean
  /** Reads everything now. */
  readonly reload: () => Promise<void>
  /** Tells the other cores that something has changed, and reads it here. */
  readonly announceChange: () => Promise<void>
  readonly close: () => void
}

/** Opens the directory: reads everything once, then looks for changes in the background. */
export async function openAppDirectory(options: RegistryOptions): Promise<AppDirectory> {
  const { records, onTrouble } = options
  let known: ReadonlyMap<string, KnownApp> = new Map()
  let changes: number | undefined
  let readAtMs = 0
  let isFailing = false
  let running: Promise<void> = Promise.resolve()

  async function readAll(): Promise<void> {
    // Noted before the lists are read: a change in between is found at the next look.
    const noted = (await records.findRecord(CHANGES_KEY))?.version
    const startedMs = performance.now()
    known = await readApps(options)
    changes = noted
    readAtMs = startedMs
  }

  async function look(): Promise<void> {
    const isOld = performance.now() - readAtMs >= FULL_READ_MS
    if (!isOld && (await records.findRecord(CHANGES_KEY))?.version === changes) return
    await readAll()
  }

  function enqueue(work: () => Promise<void>): Promise<void> {
    running = running.then(work, work)
    return running
  }

  function lookInBackground(): void {
    enqueue(look).then(
      () => {
        isFailing = false
      },
      (error: unknown) => {
        if (!isFailing) onTrouble(error)
        isFailing = true
      },
    )
  }

  await readAll()
  const timer = setInterval(lookInBackground, LOOK_INTERVAL_MS).unref()

  function find(app: AppId, tenant: TenantId): [KnownApp, KnownTenant | undefined] | undefined {
    const own = known.get(app)
    if (own === undefined || tenant === DEFAULT_NAME) return own && [own, undefined]
    const found = own.tenants.get(tenant)
    return found && [own, found]
  }

  return {
    apps: () => known,
    settingsOf: (app) => known.get(app)?.settings,
    tenantSettingsOf(app, tenant) {
      const found = find(app, tenant)
      return found && (found[1] ?? found[0]).settings
    },
    isOfPresent({ app, tenant, mintedAtMs }) {
      const found = find(app, tenant)
      return found?.every((entry) => mintedAtMs >= (entry?.sinceMs ?? mintedAtMs)) === true
    },
    reload: () => enqueue(readAll),
    async announceChange() {
      await raiseChanges(records)
      await enqueue(readAll)
    },
    close: () => clearInterval(timer),
  }
}

async function readApps(options: RegistryOptions): Promise<ReadonlyMap<string, KnownApp>> {
  const { records, clock } = options
  const base = options.apps.get(DEFAULT_NAME as AppId)
  if (base === undefined) throw new Error('there is no default app')
  const known = new Map<string, KnownApp>()
  for (const [name, settings] of options.apps) {
    const tenants = await readTenants(options, name, settings)
    known.set(name, { name, own: {}, settings, sinceMs: null, version: null, tenants })
  }
  for (const record of await records.listRecords(APP_KIND, INSTALLATION)) {
    const { name, settings: own, createdAtMs: sinceMs, version } = decodeApp(record)
    if (known.has(name)) continue
    clock.observe(sinceMs)
    const settings = settingsOfApp(name, own, base)
    const tenants = await readTenants(options, name, settings)
    known.set(name, { name, own, settings, sinceMs, version, tenants })
  }
  return known
}

async function readTenants(
  options: RegistryOptions,
  app: string,
  settings: AppSettings,
): Promise<ReadonlyMap<string, KnownTenant>> {
  const tenants = new Map<string, KnownTenant>()
  const configured = Object.hasOwn(options.tenants, app) ? options.tenants[app] : {}
  for (const [name, own] of Object.entries(configured ?? {})) {
    const inForce = settingsOfTenant(own, settings)
    tenants.set(name, { name, own, settings: inForce, sinceMs: null, version: null })
  }
  for (const record of await options.records.listRecords(TENANT_KIND, app)) {
    const { name, settings: own, createdAtMs: sinceMs, version } = decodeTenant(record)
    if (tenants.has(name)) continue
    options.clock.observe(sinceMs)
    const inForce = settingsOfTenant(own, settings)
    tenants.set(name, { name, own, settings: inForce, sinceMs, version })
  }
  return tenants
}

async function raiseChanges(records: RecordStore): Promise<void> {
  for (let attempt = 0; attempt < ANNOUNCE_ATTEMPTS_MAX; attempt++) {
    const record: StoredRecord | undefined = await records.findRecord(CHANGES_KEY)
    const isRaised =
      record === undefined
        ? await records.insertRecord(CHANGES_KEY, '{}')
        : await records.replaceRecord(CHANGES_KEY, record.version, '{}')
    if (isRaised) return
  }
  throw new StoreError('conflict', 'the apps and tenants keep changing')
}
