import type { RecordStore } from '@pawl/core'
import type { EmbeddedCore } from '@pawl/embedded'
import { type FormerToken, isFormerForm, openFormerToken } from './former-token.ts'

const KIND = 'former-secret'
const ID = 'supertokens'
/** What is known of an app is looked at again after this long, in milliseconds. */
const KNOWN_FOR_MS = 2_000

type Seals = Pick<EmbeddedCore, 'sealSecret' | 'openSecret'>

/** What the store keeps of a core whose sessions are taken over. */
export interface FormerCore {
  /** The key of its refresh tokens. */
  readonly key: string
  /**
   * Whether the import goes on: what a token of it cannot be granted for is then no reason to log
   * anybody out, for its session, or its last rotation, may still be on the way.
   */
  readonly isOpen: boolean
}

interface StoredFormer {
  readonly sealed: string
  readonly isOpen: boolean
}

/** Refresh tokens of former cores, by app. */
export interface FormerBook {
  /** Opens a token of a former core of this app; reads what there is to know of it first. */
  readonly open: (app: string, token: string) => Promise<FormerToken | undefined>
  /** The same without waiting, for a token that was just opened. */
  readonly openNow: (app: string, token: string) => FormerToken | undefined
  /** Whether the import of an app goes on, as far as is known. */
  readonly isOpen: (app: string) => boolean
}

/** Opens the book over the records of a store. */
export function openFormerBook(store: RecordStore, seals: Seals): FormerBook {
  const known = new Map<string, { readonly former: FormerCore; readonly atMs: number }>()

  async function load(app: string): Promise<FormerCore | undefined> {
    const entry = known.get(app)
    const nowMs = performance.now()
    if (entry !== undefined && nowMs - entry.atMs < KNOWN_FOR_MS) return entry.former
    const former = await readFormer(store, seals, app)
    if (former === undefined) known.delete(app)
    else known.set(app, { former, atMs: nowMs })
    return former
  }

  function openNow(app: string, token: string): FormerToken | undefined {
    const entry = known.get(app)
    return entry && openFormerToken(entry.former.key, token)
  }

  return {
    async open(app, token) {
      if (!isFormerForm(token)) return undefined
      await load(app)
      return openNow(app, token)
    },
    openNow,
    isOpen: (app) => known.get(app)?.former.isOpen === true,
  }
}

/** Reads what is kept of the former core of an app. */
export async function readFormer(
  store: RecordStore,
  seals: Pick<Seals, 'openSecret'>,
  app: string,
): Promise<FormerCore | undefined> {
  const record = await store.findRecord({ kind: KIND, app, id: ID })
  if (record === undefined) return undefined
  const { sealed, isOpen } = JSON.parse(record.value) as StoredFormer
  const key = seals.openSecret(sealed, contextOf(app))
  return key === undefined ? undefined : { key, isOpen }
}

/** Keeps what is to be known of the former core of an app. */
export async function writeFormer(
  store: RecordStore,
  seals: Pick<Seals, 'sealSecret'>,
  entry: FormerCore & { readonly app: string },
): Promise<void> {
  const { app, key, isOpen } = entry
  const sealed = seals.sealSecret(key, contextOf(app))
  const value = JSON.stringify({ sealed, isOpen } satisfies StoredFormer)
  const place = { kind: KIND, app, id: ID }
  if (await store.insertRecord(place, value)) return
  const record = await store.findRecord(place)
  if (record !== undefined) await store.replaceRecord(place, record.version, value)
}

/** Seals what is kept of the former core of an app, if anything is, anew under the first secret. */
export async function rewrapFormer(store: RecordStore, seals: Seals, app: string): Promise<void> {
  const place = { kind: KIND, app, id: ID }
  const record = await store.findRecord(place)
  if (record === undefined) return
  const { sealed, ...rest } = JSON.parse(record.value) as StoredFormer
  const key = seals.openSecret(sealed, contextOf(app))
  if (key === undefined)
    throw new Error(`the key of the former core of app ${app} cannot be opened`)
  const value = { ...rest, sealed: seals.sealSecret(key, contextOf(app)) } satisfies StoredFormer
  if (!(await store.replaceRecord(place, record.version, JSON.stringify(value)))) {
    throw new Error(`what is kept of the former core of app ${app} changed meanwhile: try again`)
  }
}

function contextOf(app: string): string {
  return `${app}|${ID}|${KIND}`
}
