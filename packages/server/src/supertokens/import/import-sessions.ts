import type { AppId, EpochMs, Session, Store } from '@pawl/core'
import { type EmbeddedCore, insertFormerKey } from '@pawl/embedded'
import { readFormer, writeFormer } from '../former/former-book.ts'
import { nativeNameOf, wireHandleOf, wireNameOf } from '../names.ts'
import type { WireSettingsBook } from '../wire-settings.ts'
import type { FormerReader, FormerSession } from './former-database.ts'
import { isUntouched, mapSession } from './map-session.ts'

/** What an import works with. */
export interface ImportOptions {
  readonly former: FormerReader
  readonly store: Store
  readonly core: EmbeddedCore
  readonly book: Pick<WireSettingsBook, 'load'>
  readonly nowMs: () => number
  /** Whether the drivers have moved: the last pass, after which the import is closed. */
  readonly isLast: boolean
  readonly onProgress?: (sessions: number) => void
}

/** What became of an import. */
export type ImportOutcome =
  | { readonly kind: 'refused'; readonly sentence: string }
  | {
      readonly kind: 'done'
      /** Sessions that were written in this pass. */
      readonly written: number
      /** Sessions that are here already, as they are or newer. */
      readonly present: number
      /** Sessions that ended there since the pass before, and end here with it. */
      readonly ended: number
      /** Rows that are no session that can be taken over. */
      readonly skipped: number
      readonly keys: number
    }

/** How long keys that turn verify after they were taken over, in milliseconds: one day. */
const TURNING_KEYS_KEPT_MS = 86_400_000
/** Rows that are written, or looked for, in one call. */
const BATCH = 500

/**
 * Takes over the live sessions of a SuperTokens core, its refresh token keys and the public side of
 * its signing keys. It may be repeated, and cut off at any point: what was rotated here meanwhile
 * is never put back. Until the last pass, a refresh token that cannot be granted yet is asked to
 * come again; with the last pass, sessions that have ended there end here.
 */
export async function importSessions(options: ImportOptions): Promise<ImportOutcome> {
  const { former } = options
  const fault = await former.faultOfSchema()
  if (fault !== null) return { kind: 'refused', sentence: fault }
  const unnamed = await makePlaces(options)
  if (unnamed !== null) return { kind: 'refused', sentence: unnamed }
  const apps = await openImports(options)
  const keys = await importKeys(options)
  const counts = { written: 0, present: 0, skipped: 0 }
  for await (const page of former.sessions(options.nowMs())) {
    await importPage(options, page, counts)
    options.onProgress?.(counts.written + counts.present)
  }
  if (!options.isLast) return { kind: 'done', ...counts, ended: 0, keys }
  const ended = await endMissing(options, apps)
  for (const [app, key] of apps) {
    await writeFormer(options.store, options.core, { app, key, isOpen: false })
  }
  return { kind: 'done', ...counts, ended, keys }
}

/** Makes the apps and tenants of the sessions; the sentence for a name that cannot be. */
async function makePlaces({ former, core, nowMs }: ImportOptions): Promise<string | null> {
  for (const place of await former.listPlaces(nowMs())) {
    const app = nativeNameOf(place.app)
    const tenant = nativeNameOf(place.tenant)
    if (app === undefined || tenant === undefined) {
      return `the app ${place.app} or its tenant ${place.tenant} has a name that cannot be ours`
    }
    if (core.app(app) === undefined) {
      const made = await core.putApp({ name: app, settings: {}, version: 0 })
      if (made.kind === 'refused' && made.code !== 'already_exists') return made.detail
    }
    const ofApp = core.app(app)
    if (core.tenantsOf(app).includes(tenant) || ofApp === undefined) continue
    const made = await ofApp.putTenant({ name: tenant, settings: {}, version: 0 })
    if (made.kind === 'refused' && made.code !== 'already_exists') return made.detail
  }
  return null
}

/** Keeps the keys of refresh tokens first: from now on such tokens are understood. */
async function openImports(options: ImportOptions): Promise<ReadonlyMap<string, string>> {
  const { former, store, core } = options
  const apps = new Map<string, string>()
  for (const [name, key] of await former.refreshKeys()) {
    const app = nativeNameOf(name)
    if (app === undefined || core.app(app) === undefined) continue
    apps.set(app, key)
    const known = await readFormer(store, core, app)
    if (known?.isOpen === true && known.key === key) continue
    await writeFormer(store, core, { app, key, isOpen: true })
  }
  return apps
}

async function importKeys({ former, store, core, nowMs }: ImportOptions): Promise<number> {
  let count = 0
  for (const { app: name, kid, spki, isStatic } of await former.signingKeys()) {
    const app = nativeNameOf(name)
    if (app === undefined || core.app(app) === undefined) continue
    const notAfterMs = isStatic ? null : nowMs() + TURNING_KEYS_KEPT_MS
    await insertFormerKey(store, app as AppId, { kid, spki, notAfterMs })
    count += 1
  }
  return count
}

async function importPage(
  { store, book }: ImportOptions,
  page: readonly FormerSession[],
  counts: { written: number; present: number; skipped: number },
): Promise<void> {
  const mapped: Session[] = []
  for (const former of page) {
    const { lives } = await book.load(nativeNameOf(former.app) ?? '')
    const session = mapSession(former, lives)
    if (session === undefined) counts.skipped += 1
    else mapped.push(session)
  }
  const found = await Promise.all(mapped.map((session) => store.find(session)))
  const news = mapped.filter((session, index) => isNews(session, found[index]))
  counts.written += news.length
  counts.present += mapped.length - news.length
  if (news.length > 0) await store.put({ sessions: news })
}

/** A row of ours that was rotated here, or has ended, is never put back. */
function isNews(session: Session, present: Session | undefined): boolean {
  if (present === undefined) return true
  if (present.revokedAtMs !== null || !isUntouched(present)) return false
  return present.curHash2 !== session.curHash2
}

/** Ends sessions that came from there, were never rotated here, and are gone there. */
async function endMissing(
  options: ImportOptions,
  apps: ReadonlyMap<string, string>,
): Promise<number> {
  const { store } = options
  let ended = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['walkSessions']>> = await store.walkSessions(after, BATCH)
    const ours = page.items.filter(
      (session) => isUntouched(session) && session.revokedAtMs === null && apps.has(session.app),
    )
    ended += await endGone(options, ours)
    after = page.next
  } while (after !== null)
  return ended
}

async function endGone(options: ImportOptions, sessions: readonly Session[]): Promise<number> {
  const { former, store, nowMs } = options
  let ended = 0
  for (const app of new Set(sessions.map((session) => session.app))) {
    const ofApp = sessions.filter((session) => session.app === app)
    const handles = ofApp.map(wireHandleOf)
    const living = await former.findHandles(wireNameOf(app), handles)
    for (const session of ofApp.filter((one) => !living.has(wireHandleOf(one)))) {
      const { curHash2: judged } = session
      const revocation = { reason: 'revoked', nowMs: nowMs() as EpochMs, judged } as const
      if (await store.revoke(session, revocation)) ended += 1
    }
  }
  return ended
}
