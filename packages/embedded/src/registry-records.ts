import { StoreError, type StoredRecord } from '@pawl/core'
import {
  type AppSettingsInput,
  appSettingsShape,
  type TenantSettingsInput,
  tenantSettingsShape,
} from '@pawl/protocol'
import { safeParse } from 'valibot'

/** Kinds of the records of apps (app `*`) and tenants (their app); the id is the name. */
export const APP_KIND = 'app'
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
  const { settings, createdAtMs } = parse(record)
  const parsed = safeParse(appSettingsShape, settings)
  if (!parsed.success) throw corrupt(record)
  return { name: record.id, settings: parsed.output, createdAtMs, version: record.version }
}

/** Reads a tenant's record. Throws `StoreError('corrupt')`. */
export function decodeTenant(record: StoredRecord): RegistryRecord<TenantSettingsInput> {
  const { settings, createdAtMs } = parse(record)
  const parsed = safeParse(tenantSettingsShape, settings)
  if (!parsed.success) throw corrupt(record)
  return { name: record.id, settings: parsed.output, createdAtMs, version: record.version }
}

function parse(record: StoredRecord): { readonly settings: unknown; readonly createdAtMs: number } {
  let value: { settings?: unknown; createdAtMs?: unknown } | null
  try {
    value = JSON.parse(record.value)
  } catch (cause) {
    throw corrupt(record, cause)
  }
  const { settings, createdAtMs } = value ?? {}
  if (typeof createdAtMs !== 'number') throw corrupt(record)
  return { settings, createdAtMs }
}

function corrupt(record: StoredRecord, cause?: unknown): StoreError {
  const message = `the record of the ${record.kind} ${record.id} of ${record.app} cannot be read`
  return new StoreError('corrupt', message, { cause })
}
