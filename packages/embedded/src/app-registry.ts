import {
  type AppId,
  type AppSettings,
  type EpochMs,
  type RecordStore,
  type SessionStore,
  type StoredRecord,
  StoreError,
  type TenantId,
} from '@pawl/core'
import { failureRow } from './failure-row.ts'
import { type RegistrySources, readRegistry } from './registry-read.ts'
import { APP_KIND, CHANGES_KEY, INSTALLATION, TENANT_KIND } from './registry-records.ts'
import { type KnownApp, type KnownTenant, troublesOf } from './registry-view.ts'
import { sparingLook } from './sparing-look.ts'
import type { SteadyClock } from './steady-clock.ts'
import { takeTurns } from './take-turns.ts'

/** How often a core looks for changes of apps and tenants, in milliseconds. */
const LOOK_INTERVAL_MS = 2_000
/** Everything is read anew after this long, though no change was announced, in milliseconds. */
const FULL_READ_MS = 60_000
/** How often a change is announced against other cores that do the same. */
const ANNOUNCE_ATTEMPTS_MAX = 64
const DEFAULT_NAME = 'default'

/** What a registry is made of. */
export interface RegistryOptions extends RegistrySources {
  readonly records: RecordStore & RegistrySources['records']
  readonly sessions: Pick<SessionStore, 'revokeBefore'>
  readonly clock: SteadyClock
  /**
   * Told of the first failure of a row of looks, while what is known stays in use; and, when it is
   * first met, of each app and tenant that cannot be read or cannot be in force as it is written.
   */
  readonly onTrouble: (error: unknown) => void
}

/** Where a token belongs. */
export interface TokenPlace {
  readonly app: AppId
  readonly tenant: TenantId
  readonly mintedAtMs: EpochMs
}

/**
 * What a core knows of its apps and tenants: at hand without waiting, and never older than 5 s
 * while the store answers. Asked about one whose record cannot be read, it throws
 * `StoreError('corrupt')`.
 */
export interface AppDirectory {
  readonly apps: () => ReadonlyMap<string, KnownApp>
  readonly settingsOf: (app: AppId) => AppSettings | undefined
  /** The settings of a tenant; undefined if there is no such app or tenant. */
  readonly tenantSettingsOf: (app: AppId, tenant: TenantId) => AppSettings | undefined
  /** Whether a token may be of the app and tenant that have these names now. */
  readonly isOfPresent: (token: TokenPlace) => boolean
  /**
   * Makes sure that an app and tenant that are not known here are not there: asks the store for
   * these two names, and reads everything if it has them. True if they are known now and were not
   * before. What is asked for must come from a token of ours, so that no stranger makes a core ask.
   */
  readonly meet: (place: TokenPlace) => Promise<boolean>
  /**
   * Looks for a name that no token vouches for, so that one which another core has just made is
   * known: one look for all who ask meanwhile, and one a second at most.
   */
  readonly lookForUnknown: () => Promise<void>
  /** Reads everything now; whoever asks meanwhile shares the next read. */
  readonly reload: () => Promise<void>
  /** Reads everything if anything has changed: sees every change that was acknowledged. */
  readonly look: () => Promise<void>
  /** Tells the other cores that something has changed, and reads it here. */
  readonly announceChange: () => Promise<void>
  readonly close: () => void
}

/** Opens the directory: reads everything once, then looks for changes in the background. */
export async function openAppDirectory(options: RegistryOptions): Promise<AppDirectory> {
  const { records, onTrouble } = options
  const report = onceEach(onTrouble)
  let known: ReadonlyMap<string, KnownApp> = new Map()
  let changes: number | undefined
  let readAtMs = Number.NEGATIVE_INFINITY

  const read = takeTurns(async (isThorough) => {
    // Noted before everything is read: a change in between is found at the next look.
    const noted = (await records.findRecord(CHANGES_KEY))?.version
    const startedMs = performance.now()
    if (!isThorough && noted === changes && startedMs - readAtMs < FULL_READ_MS) return
    known = await readRegistry(options)
    changes = noted
    readAtMs = startedMs
    report([...known.values()].flatMap(troublesOf))
  })

  await read(true)
  const stopLooking = lookRegularly(() => read(false), onTrouble)

  function find(app: AppId, tenant: TenantId): [KnownApp, KnownTenant | undefined] | undefined {
    const own = known.get(app)
    if (own?.trouble) throw own.trouble
    if (own === undefined || tenant === DEFAULT_NAME) return own && [own, undefined]
    const found = own.tenants.get(tenant)
    if (found?.trouble) throw found.trouble
    return found && [own, found]
  }

  async function isStored({ app, tenant }: TokenPlace): Promise<boolean> {
    const isApp = async () =>
      (await records.findRecord({ kind: APP_KIND, app: INSTALLATION, id: app })) !== undefined
    const isTenant = async () =>
      (await records.findRecord({ kind: TENANT_KIND, app, id: tenant })) !== undefined
    return (known.has(app) || (await isApp())) && (tenant === DEFAULT_NAME || (await isTenant()))
  }

  return {
    apps: () => known,
    settingsOf: (app) => find(app, DEFAULT_NAME as TenantId)?.[0].settings,
    tenantSettingsOf(app, tenant) {
      const found = find(app, tenant)
      return found && (found[1] ?? found[0]).settings
    },
    isOfPresent({ app, tenant, mintedAtMs }) {
      const found = find(app, tenant)
      return found?.every((entry) => mintedAtMs >= (entry?.sinceMs ?? mintedAtMs)) === true
    },
    async meet(place) {
      if (find(place.app, place.tenant) !== undefined) return false
      if (!(await isStored(place))) return false
      await read(true)
      if (find(place.app, place.tenant) !== undefined) return true
      // Removed, or moved under the walk, between two reads: whoever asks again will know.
      throw new StoreError('conflict', 'the apps and tenants keep changing')
    },
    lookForUnknown: sparingLook(() => read(false)),
    reload: () => read(true),
    look: () => read(false),
    async announceChange() {
      await raiseChanges(records)
      await read(true)
    },
    close: stopLooking,
  }
}

/** Looks at every interval, one at a time; only the first failure of a row is reported. */
function lookRegularly(look: () => Promise<void>, onTrouble: (error: unknown) => void): () => void {
  let isLooking = false
  const failures = failureRow(onTrouble)
  async function lookNow(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      await look()
      failures.end()
    } catch (error) {
      failures.note(error)
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void lookNow(), LOOK_INTERVAL_MS).unref()
  return () => clearInterval(timer)
}

/** Reports each trouble when it is first met, and again if it comes back after it was gone. */
function onceEach(onTrouble: (error: unknown) => void): (troubles: readonly Error[]) => void {
  let reported: ReadonlySet<string> = new Set()
  return (troubles) => {
    for (const trouble of troubles) if (!reported.has(trouble.message)) onTrouble(trouble)
    reported = new Set(troubles.map(({ message }) => message))
  }
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
