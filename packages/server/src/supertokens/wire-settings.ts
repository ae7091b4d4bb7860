import { createHash } from 'node:crypto'
import type { AppId, AppSettings, RecordStore } from '@pawl/core'
import {
  type CoreConfig,
  readCoreConfig,
  type WireDefaults,
  type WireLives,
} from './core-config.ts'

/** The kind of the record with an app's settings on this wire; its app is `*`, its id the name. */
const WIRE_APP_KIND = 'wire-app'
const INSTALLATION = '*'
/** A change made at one core is known to the others after this long, in milliseconds. */
const KNOWN_FOR_MS = 2_000
/** Settings are kept for so many apps; more are read again when they are needed. */
const APPS_MAX = 10_000
/** How often a change is made anew because another one came between. */
const ATTEMPTS_MAX = 16

/** What an app has on this wire. */
export interface WireSettings {
  readonly lives: WireLives
  /** What was given when it was made; keys are left out. */
  readonly coreConfig: CoreConfig
  /** SHA-256 of each API key; empty: none of its own. */
  readonly apiKeyHashes: readonly Buffer[]
}

/** The settings of all apps on this wire. */
export interface WireSettingsBook {
  /** Reads an app's settings unless they are fresh; what is known stays in use in trouble. */
  readonly load: (app: string) => Promise<WireSettings>
  /** What is known of an app, or the defaults. */
  readonly known: (app: string) => WireSettings
  /** What is wrong with settings; empty if they may be stored. */
  readonly faultsOf: (coreConfig: CoreConfig) => readonly string[]
  /**
   * Lays changes over what is stored, whoever else does so at the same time; keys replace keys.
   * False if they keep changing: then nothing was changed here.
   */
  readonly put: (app: string, changes: CoreConfig) => Promise<boolean>
  readonly remove: (app: string) => Promise<void>
}

interface Entry {
  readonly settings: WireSettings
  readonly loadedAtMs: number
}

/** Opens the book over the records of a store. */
export function openWireSettings(store: RecordStore, defaults: WireDefaults): WireSettingsBook {
  const book = new Map<string, Entry>()
  const base = settingsFrom({}, [], defaults)
  const ofDefault = settingsFrom({}, defaults.apiKeys.map(hashOfKey), defaults)
  const fallback = (app: string): WireSettings => (app === 'default' ? ofDefault : base)

  async function read(app: string): Promise<WireSettings> {
    const record = await store.findRecord(recordKeyOf(app))
    if (record === undefined) return fallback(app)
    const { coreConfig = {}, apiKeyHashes = [] } = JSON.parse(record.value) as StoredSettings
    const hashes = apiKeyHashes.map((hash) => Buffer.from(hash, 'base64url'))
    // Keys of the configuration stay good, whatever is stored: nothing opens the wire by itself.
    return settingsFrom(coreConfig, [...fallback(app).apiKeyHashes, ...hashes], defaults)
  }

  async function load(app: string): Promise<WireSettings> {
    const entry = book.get(app)
    const nowMs = performance.now()
    if (entry !== undefined && nowMs - entry.loadedAtMs < KNOWN_FOR_MS) return entry.settings
    const settings = await read(app).catch((error: unknown) => {
      if (entry === undefined) throw error
      return entry.settings
    })
    if (book.size >= APPS_MAX) book.clear()
    book.set(app, { settings, loadedAtMs: nowMs })
    return settings
  }

  return {
    load,
    known: (app) => book.get(app)?.settings ?? fallback(app),
    faultsOf: (coreConfig) => readCoreConfig(coreConfig, defaults).faults,
    async put(app, changes) {
      const isStored = await putMerged(store, app, changes)
      book.delete(app)
      await load(app)
      return isStored
    },
    async remove(app) {
      await store.deleteRecord(recordKeyOf(app))
      book.delete(app)
    },
  }
}

interface StoredSettings {
  readonly coreConfig?: CoreConfig
  readonly apiKeyHashes?: readonly string[]
}

async function putMerged(store: RecordStore, app: string, changes: CoreConfig): Promise<boolean> {
  const key = recordKeyOf(app)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const record = await store.findRecord(key)
    const stored = JSON.parse(record?.value ?? '{}') as StoredSettings
    const { api_keys: keys, ...coreConfig } = { ...stored.coreConfig, ...changes }
    // Keys are not given back, so that settings without them leave them as they are.
    const apiKeyHashes =
      keys === undefined
        ? (stored.apiKeyHashes ?? [])
        : splitKeys(keys).map((one) => hashOfKey(one).toString('base64url'))
    const value = JSON.stringify({ coreConfig, apiKeyHashes } satisfies StoredSettings)
    const isStored =
      record === undefined
        ? await store.insertRecord(key, value)
        : await store.replaceRecord(key, record.version, value)
    if (isStored) return true
  }
  return false
}

function settingsFrom(
  coreConfig: CoreConfig,
  apiKeyHashes: readonly Buffer[],
  defaults: WireDefaults,
): WireSettings {
  return { lives: readCoreConfig(coreConfig, defaults).lives, coreConfig, apiKeyHashes }
}

/** The settings of an app as this wire has them; made anew when either side has changed. */
export function adjuster(known: () => WireSettings): (settings: AppSettings) => AppSettings {
  const made = new WeakMap<AppSettings, { readonly of: WireSettings; readonly own: AppSettings }>()
  return (settings) => {
    const wire = known()
    const before = made.get(settings)
    if (before?.of === wire) return before.own
    const own = adjustSettings(settings, wire)
    made.set(settings, { of: wire, own })
    return own
  }
}

function adjustSettings(settings: AppSettings, { lives }: WireSettings): AppSettings {
  const { accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds, accessJitterShare } = lives
  const own = { accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds, accessJitterShare }
  if (lives.isStrict) {
    const rotation = { raceWindowMs: 0, settlingMs: 0 }
    return { ...settings, ...own, accessKind: 'jwt', rotation, confirm: 'on-use' }
  }
  const rotation = {
    ...settings.rotation,
    raceWindowMs: Math.min(settings.rotation.raceWindowMs, lives.raceWindowMaxMs),
  }
  return { ...settings, ...own, accessKind: 'jwt', rotation, confirm: 'on-refresh' }
}

/** How the keys of an app turn, where its settings on this wire say so. */
export function turningFor(
  book: Pick<WireSettingsBook, 'known'>,
): (app: AppId) => WireLives['turning'] {
  return (app) => book.known(app).lives.turning
}

/** The hash of an API key: what is stored of it. */
export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function splitKeys(keys: unknown): readonly string[] {
  if (typeof keys !== 'string') return []
  return keys
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
}

function recordKeyOf(app: string): { kind: string; app: string; id: string } {
  return { kind: WIRE_APP_KIND, app: INSTALLATION, id: app }
}
