import {
  type AppId,
  type ChangeOutcome,
  type EntryChange,
  type EpochMs,
  faultsOf,
  RECORDS_MAX,
  type RecordKey,
  type Registry,
  StoreError,
  type TenantId,
} from '@pawl/core'
import type { AppEntry, AppSettingsInput, TenantEntry, TenantSettingsInput } from '@pawl/protocol'
import type { AppDirectory, RegistryOptions } from './app-registry.ts'
import { FORMER_KEY_KIND } from './former-keys.ts'
import {
  APP_KIND,
  createdAtMsOf,
  encodeEntry,
  INSTALLATION,
  TENANT_KIND,
} from './registry-records.ts'
import {
  appEntryOf,
  faultsOfApp,
  type KnownApp,
  settingsOfApp,
  settingsOfTenant,
  tenantEntryOf,
} from './registry-view.ts'
import { SIGNING_KEY_KINDS } from './signing-key-records.ts'

/** How often one change may meet another one of the same record. */
const ATTEMPTS_MAX = 16
const DEFAULT_NAME = 'default'

/** What changes are made with. */
interface Workshop extends RegistryOptions {
  readonly directory: AppDirectory
  /** Gives a new app its first signing key. */
  readonly makeKeys: (app: AppId) => Promise<void>
}

type Removal = 'removed' | 'unknown' | 'configured'

/** A registry over a directory: what is read is read anew, what is changed is announced. */
export function appRegistry(workshop: Workshop): Registry {
  return {
    async listApps() {
      return [...(await freshApps(workshop)).values()].sort(byName).map(appEntryOf)
    },
    async listTenants(app) {
      const owner = (await freshApps(workshop)).get(app)
      if (owner === undefined) return []
      const { settings, sinceMs } = owner
      const nothing = { own: {}, version: null, faults: [], trouble: null }
      const own = { name: DEFAULT_NAME, settings, sinceMs, ...nothing }
      return [own, ...owner.tenants.values()].sort(byName).map(tenantEntryOf)
    },
    putApp: (change) => putApp(workshop, change),
    removeApp: (name) => removeApp(workshop, name),
    putTenant: (app, change) => putTenant(workshop, app, change),
    removeTenant: (app, name) => removeTenant(workshop, app, name),
  }
}

async function putApp(
  workshop: Workshop,
  change: EntryChange<AppSettingsInput>,
): Promise<ChangeOutcome<AppEntry>> {
  const { directory, makeKeys } = workshop
  const { name, settings: own } = change
  const apps = await freshApps(workshop)
  const present = apps.get(name)
  if (present?.version === null) return { kind: 'configured' }
  const base = apps.get(DEFAULT_NAME)?.settings
  if (base === undefined) throw new Error('there is no default app')
  const faults = [
    ...faultsOfApp(settingsOfApp(name, own, base), present?.tenants.values() ?? []),
    ...faultOfNumber(apps.size, present === undefined),
  ]
  if (faults.length > 0) return { kind: 'faults', faults }
  const key = { kind: APP_KIND, app: INSTALLATION, id: name }
  const written = await write(workshop, key, {
    ...change,
    async cutOffPast(beforeMs) {
      await endSessions(workshop, { app: name, tenant: DEFAULT_NAME, beforeMs })
      await deleteAll(workshop, TENANT_KIND, name)
      await deleteKeys(workshop, name)
    },
  })
  if (written !== 'stored') return { kind: written }
  await makeKeys(name as AppId)
  await directory.announceChange()
  const known = directory.apps().get(name)
  if (known === undefined) return { kind: 'version-conflict' }
  return { kind: 'stored', entry: appEntryOf(known) }
}

/** Cut-offs first, the app's own record last: what breaks off half way can be repeated. */
async function removeApp(workshop: Workshop, name: string): Promise<Removal> {
  const present = (await freshApps(workshop)).get(name)
  if (present === undefined) return 'unknown'
  if (present.version === null) return 'configured'
  const beforeMs = workshop.clock.nowMs()
  for (const tenant of [DEFAULT_NAME, ...present.tenants.keys()]) {
    await endSessions(workshop, { app: name, tenant, beforeMs })
  }
  await deleteKeys(workshop, name)
  await deleteAll(workshop, TENANT_KIND, name)
  await workshop.records.deleteRecord({ kind: APP_KIND, app: INSTALLATION, id: name })
  await workshop.directory.announceChange()
  return 'removed'
}

async function putTenant(
  workshop: Workshop,
  app: AppId,
  change: EntryChange<TenantSettingsInput>,
): Promise<ChangeOutcome<TenantEntry>> {
  const { directory } = workshop
  const { name, settings: own } = change
  const owner = (await freshApps(workshop)).get(app)
  if (owner === undefined) return { kind: 'version-conflict' }
  const present = owner.tenants.get(name)
  if (name === DEFAULT_NAME || present?.version === null) return { kind: 'configured' }
  const faults = [
    ...faultsOf(settingsOfTenant(own, owner.settings)),
    ...faultOfNumber(owner.tenants.size, present === undefined),
  ]
  if (faults.length > 0) return { kind: 'faults', faults }
  const key = { kind: TENANT_KIND, app, id: name }
  const cutOffPast = (beforeMs: number) => endSessions(workshop, { app, tenant: name, beforeMs })
  const written = await write(workshop, key, { ...change, cutOffPast })
  if (written !== 'stored') return { kind: written }
  await directory.announceChange()
  const known = directory.apps().get(app)?.tenants.get(name)
  if (known === undefined) return { kind: 'version-conflict' }
  return { kind: 'stored', entry: tenantEntryOf(known) }
}

async function removeTenant(workshop: Workshop, app: AppId, name: string): Promise<Removal> {
  const present = (await freshApps(workshop)).get(app)?.tenants.get(name)
  if (name === DEFAULT_NAME || present?.version === null) return 'configured'
  if (present === undefined) return 'unknown'
  await endSessions(workshop, { app, tenant: name, beforeMs: workshop.clock.nowMs() })
  await workshop.records.deleteRecord({ kind: TENANT_KIND, app, id: name })
  await workshop.directory.announceChange()
  return 'removed'
}

/**
 * Writes a record. Before a new one the name's past is cut off, so that sessions which a former app
 * or tenant left behind, or which a core that was late granted, do not come back.
 */
async function write(
  { records, clock }: Workshop,
  key: RecordKey,
  change: EntryChange<AppSettingsInput | TenantSettingsInput> & {
    readonly cutOffPast: (beforeMs: number) => Promise<void>
  },
): Promise<'stored' | 'exists' | 'version-conflict'> {
  const { settings, version } = change
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const record = await records.findRecord(key)
    if (record !== undefined && version === 0) return 'exists'
    if (version !== undefined && version !== (record?.version ?? 0)) return 'version-conflict'
    if (record === undefined) {
      const createdAtMs = clock.nowMs()
      await change.cutOffPast(createdAtMs - 1)
      const value = encodeEntry({ settings, createdAtMs })
      if (await records.insertRecord(key, value)) return 'stored'
      continue
    }
    const value = encodeEntry({ settings, createdAtMs: createdAtMsOf(record) })
    if (await records.replaceRecord(key, record.version, value)) return 'stored'
  }
  throw new StoreError('conflict', `the ${key.kind} ${key.id} keeps changing`)
}

async function freshApps({ directory }: Workshop): Promise<ReadonlyMap<string, KnownApp>> {
  await directory.look()
  return directory.apps()
}

/** Ends every session of a tenant that was created before `beforeMs`, that instant included. */
async function endSessions(
  { sessions, clock }: Workshop,
  of: { readonly app: string; readonly tenant: string; readonly beforeMs: number },
): Promise<void> {
  const scope = { app: of.app as AppId, tenant: of.tenant as TenantId, userId: null }
  const beforeMs = of.beforeMs as EpochMs
  await sessions.revokeBefore(scope, { beforeMs, reason: 'revoked', nowMs: clock.nowMs() })
}

async function deleteAll({ records }: Workshop, kind: string, app: string): Promise<void> {
  for (const record of await records.listRecords(kind, app)) await records.deleteRecord(record)
}

async function deleteKeys(workshop: Workshop, app: string): Promise<void> {
  const kinds = [...SIGNING_KEY_KINDS, FORMER_KEY_KIND]
  for (const kind of kinds) await deleteAll(workshop, kind, app)
}

function faultOfNumber(count: number, isNew: boolean): readonly string[] {
  return isNew && count >= RECORDS_MAX ? [`there may be at most ${RECORDS_MAX}`] : []
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
