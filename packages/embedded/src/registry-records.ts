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
  readonly settings: Settings
  readonly createdAtMs: number
  readonly version: number
}

/** The value of a record. */
export function encodeEntry(entry: {
  readonly settings: AppSettingsInput | TenantSettingsInput
  readonly createdAtMs: number
}): string {
  const { settings, createdAtMs } = entry
  return JSON.stringify({ settings, createdAtMs })
}

/** Reads an app's record. Throws `StoreError('corrupt')`. */
export function decodeApp(record: StoredRecord): RegistryRecord<AppSettingsInput> {
  return decode(record, readAppSettings)
}

/** Reads a tenant's record. Throws `StoreError('corrupt')`. */
export function decodeTenant(record: StoredRecord): RegistryRecord<TenantSettingsInput> {
  return decode(record, readTenantSettings)
}

function decode<Settings>(
  record: StoredRecord,
  read: (value: unknown) => Settings | undefined,
): RegistryRecord<Settings> {
  const { id: name, version } = record
  const value = parse(record)
  const settings = read(value.settings)
  if (settings === undefined || typeof value.createdAtMs !== 'number') throw corrupt(record)
  return { name, settings, createdAtMs: value.createdAtMs, version }
}

function parse(record: StoredRecord): { readonly settings?: unknown; createdAtMs?: unknown } {
  try {
    return JSON.parse(record.value) ?? {}
  } catch (cause) {
    throw corrupt(record, cause)
  }
}

function corrupt(record: StoredRecord, cause?: unknown): StoreError {
  const message = `the record of the ${record.kind} ${record.id} of ${record.app} cannot be read`
  return new StoreError('corrupt', message, { cause })
}
