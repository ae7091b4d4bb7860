import type { AppEntry, AppSettingsInput, TenantEntry, TenantSettingsInput } from '@pawl/protocol'
import type { AppId } from '../domain/ids.ts'

/** What is to be stored. `version`: only over this version; 0: only if there is none. */
export interface EntryChange<Settings> {
  readonly name: string
  readonly settings: Settings
  readonly version: number | undefined
}

/** What became of a change. */
export type ChangeOutcome<Entry> =
  | { readonly kind: 'stored'; readonly entry: Entry }
  /** Every fault of the settings, one sentence each; nothing was changed. */
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  /** It is part of the configuration, which is read only. */
  | { readonly kind: 'configured' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'version-conflict' }

/**
 * The apps of an installation and their tenants: those of the configuration and those that are
 * records of the store. Reads see every change acknowledged by any core. A removal ends all
 * sessions first; a name that is created again revives nothing. Throws a `StoreError`.
 */
export interface Registry {
  /** Sorted by name. */
  listApps(): Promise<readonly AppEntry[]>
  putApp(change: EntryChange<AppSettingsInput>): Promise<ChangeOutcome<AppEntry>>
  /** `unknown` if there was none. */
  removeApp(name: string): Promise<'removed' | 'unknown' | 'configured'>
  /** Sorted by name. */
  listTenants(app: AppId): Promise<readonly TenantEntry[]>
  putTenant(
    app: AppId,
    change: EntryChange<TenantSettingsInput>,
  ): Promise<ChangeOutcome<TenantEntry>>
  removeTenant(app: AppId, name: string): Promise<'removed' | 'unknown' | 'configured'>
}
