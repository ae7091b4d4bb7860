import {
  type AppId,
  type Clock,
  type EpochMs,
  type KeySettings,
  type PublicKeys,
  planKeys,
  type RecordStore,
} from '@pawl/core'
import { KEY_RELOAD_MS } from './key-reload.ts'
import type { SecretRing } from './master-secret.ts'
import type { SigningAlgorithm, SigningKey } from './signing-key.ts'
import {
  insertKey,
  openKeyRecord,
  SIGNING_KEY_KIND,
  type SigningKeyKind,
  type StoredKey,
} from './signing-key-records.ts'

/**
 * How long a set of public keys may be cached, in seconds. A key is published an hour before it
 * signs, so this bounds one thing only: how long a verifier goes on with a key that was revoked.
 */
export const KEY_SET_MAX_AGE_SECONDS = 60
/** An unknown key id makes a core look earlier, but not more often than this, in milliseconds. */
const UNKNOWN_KEY_COOL_DOWN_MS = 1_000
/** Keys that turn within seconds, in tests, are looked at this often in an interval. */
const LOOKS_PER_INTERVAL = 4
/** How often one look may find that another core was faster. */
const TURNS_MAX = 4

/** The signing keys of all apps, turning by themselves. */
export interface KeyRing extends PublicKeys {
  /** The key that signs now; makes the app's first one. */
  readonly signingKeyOf: (app: AppId) => Promise<SigningKey>
  /**
   * The key whose tokens start with exactly this JOSE header. A header is compared, never read:
   * what a token says of its algorithm or key counts for nothing.
   */
  readonly findByHeader: (app: AppId, header: string) => Promise<SigningKey | undefined>
  /** The key of this id. Nothing else that a token says of its key counts. */
  readonly findByKid: (app: AppId, kid: string) => Promise<SigningKey | undefined>
  /** When the next key will be made, in whole seconds from now, at least 1; null for never. */
  readonly nextKeySeconds: (app: AppId) => Promise<number | null>
  /** Reads an app's keys now, and turns them if it is time. */
  readonly reload: (app: AppId) => Promise<void>
}

/** How the keys of a ring are made. */
export type RingSettings = KeySettings & { readonly algorithm: SigningAlgorithm }

/** What an app may have of its own. */
export type TurningOverride = Partial<Pick<KeySettings, 'intervalMs' | 'publishAheadMs' | 'keptMs'>>

/** What a key ring needs. */
export interface KeyRingOptions {
  readonly store: RecordStore
  readonly secrets: SecretRing
  readonly clock: Clock
  readonly settings: RingSettings
  /** What differs for an app; asked at each look, answers at once. */
  readonly settingsOf?: (app: AppId) => TurningOverride | undefined
  /** The row of keys; default: those that sign for the app by its settings. */
  readonly kind?: SigningKeyKind
  /** Whether an app's first key is made only when it is to sign. Default: at the first look. */
  readonly isOnDemand?: boolean
  /** Told when the store could not be read and the keys in memory are used on. */
  readonly onTrouble: (error: unknown) => void
}

/** What is known of one app's keys. */
interface AppKeys {
  readonly loadedAtMs: EpochMs
  readonly keys: readonly SigningKey[]
  /** Undefined until somebody needs it, in a ring on demand. */
  readonly signing: SigningKey | undefined
  readonly byHeader: ReadonlyMap<string, SigningKey>
  readonly byKid: ReadonlyMap<string, SigningKey>
  /** When the next key will be made; null if none is to come. */
  readonly nextAtMs: number | null
}

/** A ring over the store. Each app's keys are read when first needed and every few seconds then. */
export function openKeyRing(options: KeyRingOptions): KeyRing {
  const { clock, onTrouble, isOnDemand = false } = options
  const wanted = new Set<AppId>()
  const rings = new Map<AppId, AppKeys>()
  const loading = new Map<AppId, Promise<AppKeys>>()
  const opened = new Map<string, SigningKey>()

  /** One look at the store at a time; a failed one leaves the known keys in use. */
  function load(app: AppId): Promise<AppKeys> {
    const underWay = loading.get(app)
    if (underWay !== undefined) return underWay
    const makesFirst = !isOnDemand || wanted.has(app)
    const look = turnKeys(options, opened, { app, makesFirst })
      .catch((error: unknown) => {
        const known = rings.get(app)
        if (known === undefined) throw error
        onTrouble(error)
        return { ...known, loadedAtMs: clock.nowMs() }
      })
      .then((ring) => {
        rings.set(app, ring)
        return ring
      })
      .finally(() => loading.delete(app))
    loading.set(app, look)
    return look
  }

  const reloadMsOf = (app: AppId): number =>
    Math.min(KEY_RELOAD_MS, settingsFor(options, app).intervalMs / LOOKS_PER_INTERVAL)

  function current(app: AppId, maxAgeMs: number): AppKeys | Promise<AppKeys> {
    const ring = rings.get(app)
    if (ring === undefined) return load(app)
    // A clock that was set back must not make old knowledge look fresh.
    return Math.abs(clock.nowMs() - ring.loadedAtMs) < maxAgeMs ? ring : load(app)
  }

  return {
    async signingKeyOf(app) {
      const { signing } = await current(app, reloadMsOf(app))
      if (signing !== undefined) return signing
      wanted.add(app)
      await loading.get(app)
      const made = (await load(app)).signing
      if (made === undefined) throw new Error(`the app ${app} has no signing key`)
      return made
    },
    async findByHeader(app, header) {
      const known = (await current(app, reloadMsOf(app))).byHeader.get(header)
      return known ?? (await current(app, UNKNOWN_KEY_COOL_DOWN_MS)).byHeader.get(header)
    },
    async findByKid(app, kid) {
      const known = (await current(app, reloadMsOf(app))).byKid.get(kid)
      return known ?? (await current(app, UNKNOWN_KEY_COOL_DOWN_MS)).byKid.get(kid)
    },
    async publicKeySet(app) {
      const { keys, nextAtMs } = await current(app, reloadMsOf(app))
      const seconds = secondsUntil(nextAtMs, clock) ?? KEY_SET_MAX_AGE_SECONDS
      const maxAgeSeconds = Math.min(KEY_SET_MAX_AGE_SECONDS, seconds)
      return { keys: keys.map(({ jwk }) => jwk), maxAgeSeconds }
    },
    nextKeySeconds: async (app) =>
      secondsUntil((await current(app, reloadMsOf(app))).nextAtMs, clock),
    async reload(app) {
      await loading.get(app)
      await load(app)
    },
  }
}

/** Whole seconds, at least 1; null for never. */
function secondsUntil(atMs: number | null, clock: Clock): number | null {
  return atMs === null ? null : Math.max(1, Math.floor((atMs - clock.nowMs()) / 1000))
}

/** Reads an app's keys, makes the next one when it is due, and deletes the dead. */
async function turnKeys(
  options: KeyRingOptions,
  opened: Map<string, SigningKey>,
  { app, makesFirst }: { readonly app: AppId; readonly makesFirst: boolean },
): Promise<AppKeys> {
  const { store, secrets, clock, kind = SIGNING_KEY_KIND } = options
  const settings = settingsFor(options, app)
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const nowMs = clock.nowMs()
    const stored = await readKeys(options, opened, app)
    const keys = stored.map(({ key }) => key)
    const plan = planKeys(keys, settings, nowMs)
    const isIdle = keys.length === 0 && !makesFirst
    if (plan.next !== null && !isIdle) {
      const after = stored.map(({ record }) => record)
      const { algorithm, isTurning } = settings
      const order = { app, kind, algorithm, isTurning, nowMs, ...plan.next, after }
      await insertKey(store, secrets, order)
      continue
    }
    for (const { key, record } of stored) {
      if (plan.dead.includes(key)) await store.deleteRecord(record)
    }
    const living = keys.filter((key) => !plan.dead.includes(key))
    const byHeader = new Map(living.map((key) => [key.header, key]))
    const byKid = new Map(living.map((key) => [key.kid, key]))
    const newest = keys.at(-1)
    const nextAtMs =
      newest === undefined || !settings.isTurning
        ? null
        : newest.signsFromMs + settings.intervalMs - settings.publishAheadMs
    return { loadedAtMs: nowMs, keys: living, signing: plan.signing, byHeader, byKid, nextAtMs }
  }
  throw new Error(`the signing keys of app ${app} keep changing`)
}

function settingsFor({ settings, settingsOf }: KeyRingOptions, app: AppId): RingSettings {
  const own = settingsOf?.(app)
  return own === undefined ? settings : { ...settings, ...own }
}

async function readKeys(
  options: KeyRingOptions,
  opened: Map<string, SigningKey>,
  app: AppId,
): Promise<readonly StoredKey[]> {
  const records = await options.store.listRecords(options.kind ?? SIGNING_KEY_KIND, app)
  const stored = records.map((record) => {
    const id = `${app} ${record.value}`
    const key = opened.get(id) ?? openKeyRecord(options.secrets, record)
    opened.set(id, key)
    return { key, record }
  })
  const values = new Set(records.map(({ value }) => `${app} ${value}`))
  for (const id of opened.keys()) {
    if (id.startsWith(`${app} `) && !values.has(id)) opened.delete(id)
  }
  return stored
}
