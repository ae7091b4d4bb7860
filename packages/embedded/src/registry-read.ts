import {
  type AppId,
  type AppSettings,
  type ContentStore,
  PAGE_LIMIT_MAX,
  type StoredRecord,
  StoreError,
} from '@pawl/core'
import type { TenantSettingsInput } from '@pawl/protocol'
import {
  APP_KIND,
  decodeApp,
  decodeTenant,
  INSTALLATION,
  type RegistryRecord,
  TENANT_KIND,
} from './registry-records.ts'
import { type EntryDraft, type KnownApp, knowApp, settingsOfApp } from './registry-view.ts'
import { CLOCKS_AGREE_MS, type SteadyClock } from './steady-clock.ts'

/** A walk through all records ends after so many pages, in trouble. */
const PAGES_MAX = 100_000
const DEFAULT_NAME = 'default'

/** What apps and tenants are read from. */
export interface RegistrySources {
  readonly records: Pick<ContentStore, 'walkRecords'>
  readonly clock: Pick<SteadyClock, 'observe'>
  /** The apps of the configuration, the default one included; legal. */
  readonly apps: ReadonlyMap<AppId, AppSettings>
  /** The tenants of the configuration, by app and name. */
  readonly tenants: {
    readonly [app: string]: { readonly [tenant: string]: TenantSettingsInput }
  }
}

interface Stored {
  readonly apps: readonly StoredRecord[]
  readonly tenantsOf: ReadonlyMap<string, readonly StoredRecord[]>
}

/** Reads all apps and tenants in one walk, whatever their number. Throws a `StoreError`. */
export async function readRegistry(
  sources: RegistrySources,
): Promise<ReadonlyMap<string, KnownApp>> {
  const base = sources.apps.get(DEFAULT_NAME as AppId)
  if (base === undefined) throw new Error('there is no default app')
  const stored = await walkStored(sources)
  const known = new Map<string, KnownApp>()
  for (const [name, wanted] of sources.apps) {
    const app = { name, own: {}, sinceMs: null, version: null, trouble: null, wanted }
    known.set(name, knowApp(app, tenantsOf(sources, stored, name)))
  }
  for (const record of stored.apps) {
    const app = draftOf(sources, decodeApp(record))
    if (known.has(app.name)) continue
    const wanted = settingsOfApp(app.name, app.own, base)
    known.set(app.name, knowApp({ ...app, wanted }, tenantsOf(sources, stored, app.name)))
  }
  return known
}

async function walkStored({ records }: RegistrySources): Promise<Stored> {
  const apps = new Map<string, StoredRecord>()
  const tenantsOf = new Map<string, StoredRecord[]>()
  let after: string | null = null
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await records.walkRecords(after, PAGE_LIMIT_MAX)
    for (const record of page.items) {
      if (record.kind === APP_KIND && record.app === INSTALLATION) apps.set(record.id, record)
      if (record.kind !== TENANT_KIND) continue
      const tenants = tenantsOf.get(record.app) ?? []
      tenants.push(record)
      tenantsOf.set(record.app, tenants)
    }
    if (page.next === null) return { apps: [...apps.values()], tenantsOf }
    after = page.next
  }
  throw new StoreError('corrupt', 'the walk through the records of the store does not end')
}

/** Those of the configuration go before those of the store; a walk may show a record twice. */
function tenantsOf(
  sources: RegistrySources,
  stored: Stored,
  app: string,
): readonly EntryDraft<TenantSettingsInput>[] {
  const drafts = new Map<string, EntryDraft<TenantSettingsInput>>()
  for (const record of stored.tenantsOf.get(app) ?? []) {
    drafts.set(record.id, draftOf(sources, decodeTenant(record)))
  }
  const configured = Object.hasOwn(sources.tenants, app) ? sources.tenants[app] : {}
  for (const [name, own] of Object.entries(configured ?? {})) {
    drafts.set(name, { name, own, sinceMs: null, version: null, trouble: null })
  }
  return [...drafts.values()]
}

function draftOf<Settings>(
  { clock }: RegistrySources,
  record: RegistryRecord<Settings>,
): EntryDraft<Settings> {
  const { name, settings: own, createdAtMs: sinceMs, version, trouble } = record
  // By no more than what clocks may be apart: a longer lead is a fault of this core's clock.
  clock.observe(sinceMs, CLOCKS_AGREE_MS)
  return { name, own, sinceMs, version, trouble }
}
