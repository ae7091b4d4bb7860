import { type StoredRecord, StoreError } from '@pawl/core'
import {
  type AppSettingsInput,
  readAppSettings,
  readTenantSettings,
  type TenantSettingsInput,
} from '@pawl/protocol'

/** The kind of an app's record: its app is `*`, its id the name. */
export const APP_KIND = 'app'
/** The kind of a tenant's record: its app is the tenant's, its id the name. */
export const TENANT_KIND = 'tenant'
/** What the records of apps and of the whole installation have for an app. */
export const INSTALLATION = '*'
/** Its version goes up at each change of an app or tenant. */
export const CHANGES_KEY = { kind: 'registry', app: INSTALLATION, id: 'changes' } as const

/** A record of an app or tenant, read. */
export interface RegistryRecord<Settings> {
  readonly name: string
  /** Empty where the record cannot be read. */
  readonly settings: Settings
  /** 0 where the record does not even say that. */
  readonly createdAtMs: number
  readonly version: number
  /** Why it cannot be read: `corrupt`; null if it can. */
  readonly trouble: StoreError | null
}

/** The value of a record. */
export function encodeEntry(entry: {
  readonly settings: AppSettingsInput | TenantSettingsInput
  readonly createdAtMs: number
}): string {
  const { settings, createdAtMs } = entry
  return JSON.stringify({ settings, createdAtMs })
}

/** Reads an app's record; never throws. */
export function decodeApp(record: StoredRecord): RegistryRecord<AppSettingsInput> {
  return decode(record, readAppSettings)
}

/** Reads a tenant's record; never throws. */
export function decodeTenant(record: StoredRecord): RegistryRecord<TenantSettingsInput> {
  return decode(record, readTenantSettings)
}

/** When an app or tenant was made, in epoch milliseconds; 0 if its record does not say. */
export function createdAtMsOf(record: StoredRecord): number {
  const { createdAtMs } = parse(record.value)
  return typeof createdAtMs === 'number' ? createdAtMs : 0
}

function decode<Settings extends object>(
  record: StoredRecord,
  read: (value: unknown) => Settings | undefined,
): RegistryRecord<Settings> {
  const { id: name, version } = record
  const value = parse(record.value)
  const settings = read(value.settings)
  const createdAtMs = createdAtMsOf(record)
  if (settings !== undefined && typeof value.createdAtMs === 'number') {
    return { name, settings, createdAtMs, version, trouble: null }
  }
  const trouble = unreadable(record)
  return { name, settings: {} as Settings, createdAtMs, version, trouble }
}

function parse(value: string): { readonly settings?: unknown; readonly createdAtMs?: unknown } {
  try {
    return JSON.parse(value) ?? {}
  } catch {
    return {}
  }
}

function unreadable({ kind, app, id }: StoredRecord): StoreError {
  const place = app === INSTALLATION ? '' : ` of the app ${app}`
  const message =
    `the record of the ${kind} ${id}${place} cannot be read: it answers 503 until it is ` +
    'put anew, removed, or read by a core that knows it'
  return new StoreError('corrupt', message)
}
