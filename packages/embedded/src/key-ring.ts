import {
  type AppId,
  type Clock,
  type KeyPlan,
  type KeySettings,
  type PublicKeys,
  planKeys,
  type RecordStore,
  StoreError,
} from '@pawl/core'
import { keptFresh } from './kept-fresh.ts'
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
  /** What is known of an app's keys; waits only while that is nothing. */
  readonly present: (app: AppId) => AppKeys | Promise<AppKeys>
  /** Reads an app's keys now, and turns them if it is time. */
  readonly reload: (app: AppId) => Promise<void>
}

/** How the keys of a ring are made. */
export type RingSettings = KeySettings<SigningAlgorithm>

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
  /** Whether keys are read only: none is made, turned or deleted. Default false. */
  readonly isVisitor?: boolean
  /** Why nothing may be decided by the clock now; null if all is well. Keys are read only then. */
  readonly clockFault?: () => string | null
  /** Told when the store cannot be read, once, and the keys in memory are used on. */
  readonly onTrouble: (error: unknown) => void
}

/** What is known of one app's keys. */
export interface AppKeys {
  readonly keys: readonly SigningKey[]
  /** Undefined until somebody needs it, in a ring on demand. */
  readonly signing: SigningKey | undefined
  /** The one that was made last, be it that it signs only later. */
  readonly newest: SigningKey | undefined
  readonly byHeader: ReadonlyMap<string, SigningKey>
  readonly byKid: ReadonlyMap<string, SigningKey>
  /** When the next key will be made; null if none is to come. */
  readonly nextAtMs: number | null
}

/**
 * A ring over the store. Each app's keys are read when first needed and every few seconds then,
 * while those in memory are used on: only for a key that nobody knows yet is a read waited for.
 */
export function openKeyRing(options: KeyRingOptions): KeyRing {
  const { clock, onTrouble, isOnDemand = false } = options
  const wanted = new Set<AppId>()
  const opened = new Map<string, SigningKey>()
  const fresh = keptFresh<AppKeys>({
    read: (app) => turnKeys(options, opened, { app, makesFirst: !isOnDemand || wanted.has(app) }),
    nowMs: clock.nowMs,
    reloadMsOf: (app) =>
      Math.min(KEY_RELOAD_MS, settingsFor(options, app).intervalMs / LOOKS_PER_INTERVAL),
    onTrouble,
  })

  return {
    async signingKeyOf(app) {
      const { signing } = await fresh.get(app)
      if (signing !== undefined) return signing
      wanted.add(app)
      const made = (await fresh.reload(app)).signing
      if (made !== undefined) return made
      throw new StoreError('unavailable', `the app ${app} has no signing key yet`)
    },
    async findByHeader(app, header) {
      const known = (await fresh.get(app)).byHeader.get(header)
      return known ?? (await fresh.getWithin(app, UNKNOWN_KEY_COOL_DOWN_MS)).byHeader.get(header)
    },
    async findByKid(app, kid) {
      const known = (await fresh.get(app)).byKid.get(kid)
      return known ?? (await fresh.getWithin(app, UNKNOWN_KEY_COOL_DOWN_MS)).byKid.get(kid)
    },
    async publicKeySet(app) {
      const { keys, nextAtMs } = await fresh.get(app)
      const seconds = secondsUntil(nextAtMs, clock) ?? KEY_SET_MAX_AGE_SECONDS
      const maxAgeSeconds = Math.min(KEY_SET_MAX_AGE_SECONDS, seconds)
      return { keys: keys.map(({ jwk }) => jwk), maxAgeSeconds }
    },
    nextKeySeconds: async (app) => secondsUntil((await fresh.get(app)).nextAtMs, clock),
    present: fresh.get,
    reload: async (app) => void (await fresh.reload(app)),
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
  const { store, secrets, clock, kind = SIGNING_KEY_KIND, clockFault = noFault } = options
  const settings = settingsFor(options, app)
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const nowMs = clock.nowMs()
    const stored = await readKeys(options, opened, app)
    const keys = stored.map(({ key }) => key)
    const plan = planKeys(keys, settings, nowMs)
    const isTimeless = clockFault() !== null
    const isReadOnly = options.isVisitor === true || isTimeless
    const isIdle = isReadOnly || (keys.length === 0 && !makesFirst)
    if (plan.next !== null && !isIdle) {
      const after = stored.map(({ record }) => record)
      const order = { app, kind, nowMs, ...plan.next, isByHand: false, after }
      await insertKey(store, secrets, order)
      continue
    }
    for (const { key, record } of stored) {
      if (plan.dead.includes(key) && !isReadOnly) await store.deleteRecord(record)
    }
    // Which keys are dead cannot be told without the time: none is withheld then.
    return appKeys(isTimeless ? { ...plan, dead: [] } : plan, keys, settings)
  }
  throw new Error(`the signing keys of app ${app} keep changing`)
}

const noFault = (): null => null

function appKeys(
  { dead, signing }: KeyPlan<SigningKey>,
  keys: readonly SigningKey[],
  settings: RingSettings,
): AppKeys {
  const living = keys.filter((key) => !dead.includes(key))
  const newest = keys.at(-1)
  return {
    keys: living,
    signing,
    newest,
    byHeader: new Map(living.map((key) => [key.header, key])),
    byKid: new Map(living.map((key) => [key.kid, key])),
    nextAtMs: newest?.isTurning
      ? newest.signsFromMs + settings.intervalMs - settings.publishAheadMs
      : null,
  }
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
