import { RECORDS_MAX, type RecordStore, type StoredRecord } from '@pawl/core'
import type { Scope } from '@pawl/protocol'
import * as v from 'valibot'
import { type ApiKey, DEFAULT_SCOPES, generateApiKey, parseApiKey, SCOPES } from './api-keys.ts'

/** The kind of an API key's record; the app is `*`, the id that of the key. */
const API_KEY_KIND = 'api-key'
const INSTALLATION = '*'
/** The most keys that a store holds: fewer than are read at once, so that none goes unseen. */
export const API_KEYS_MAX = RECORDS_MAX - 1_000
/** A key that was revoked or has expired stays in the list for this many days. */
export const ENDED_KEYS_KEPT_DAYS = 30
const DAY_MS = 86_400_000
/** Readings of one pruning; each takes away thousands of keys at most. */
const PRUNE_ROUNDS_MAX = 100

/** What the store knows of an API key: its SHA-256, never the key. */
export interface StoredApiKey {
  /** 8 characters; names the key in logs. */
  readonly id: string
  /** What it is for; free text of at most 100 characters. */
  readonly name: string
  /** The hash of the key as `pawl apikey generate` prints it. */
  readonly keyHash: string
  readonly scopes: readonly Scope[]
  /** The app that it is good for; null for every app and the installation. */
  readonly app: string | null
  readonly createdAtMs: number
  /** From then on it is refused; null means never. */
  readonly notAfterMs: number | null
  readonly revokedAtMs: number | null
}

/** What a new key is made with. */
export interface ApiKeyOrder {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly app: string | null
  readonly notAfterMs: number | null
  readonly nowMs: number
}

/** A record as it was read; one that cannot be read lets nobody in and hinders no other. */
export type ReadApiKey =
  | {
      readonly kind: 'key'
      readonly stored: StoredApiKey
      /** As callers are compared with; undefined for a revoked one. */
      readonly key: ApiKey | undefined
    }
  | { readonly kind: 'unreadable'; readonly id: string }

/**
 * Makes a key and stores its hash. The key itself is in the answer and nowhere else. Throws a
 * sentence where there are too many.
 */
export async function createApiKey(
  store: RecordStore,
  order: ApiKeyOrder,
): Promise<{ readonly key: string; readonly stored: StoredApiKey }> {
  const present = await store.listRecords(API_KEY_KIND, INSTALLATION)
  if (present.length >= API_KEYS_MAX) {
    throw new Error(`there are ${present.length} API keys, and no more than that: revoke some`)
  }
  const { nowMs, ...facts } = order
  const { key, keyHash } = generateApiKey()
  const id = key.split('.')[1] ?? ''
  const stored = { id, ...facts, keyHash, createdAtMs: nowMs, revokedAtMs: null }
  const isNew = await store.insertRecord(keyOf(id), textOf(stored))
  if (!isNew) throw new Error('the random generator repeated the id of an API key')
  return { key, stored }
}

/** Reads all stored keys, revoked ones included, by id. What has not changed is not parsed anew. */
export function apiKeyReader(store: RecordStore): () => Promise<readonly ReadApiKey[]> {
  let known: ReadonlyMap<string, { readonly value: string; readonly read: ReadApiKey }> = new Map()
  return async () => {
    const records = await store.listRecords(API_KEY_KIND, INSTALLATION)
    known = new Map(
      records.map((record) => {
        const { id, value } = record
        const before = known.get(id)
        return [id, before?.value === value ? before : { value, read: readRecord(record) }]
      }),
    )
    return [...known.values()].map(({ read }) => read)
  }
}

/** All stored keys that can be read, revoked ones included, by id. */
export async function listApiKeys(store: RecordStore): Promise<readonly StoredApiKey[]> {
  const read = await apiKeyReader(store)()
  return read.flatMap((one) => (one.kind === 'key' ? [one.stored] : []))
}

/**
 * Revokes a key. The record stays: a service that once had keys does not open itself to callers
 * without one. False if there is none of this id that is not revoked already.
 */
export async function revokeApiKey(
  store: RecordStore,
  id: string,
  nowMs: number,
): Promise<boolean> {
  const record = await store.findRecord(keyOf(id))
  if (record === undefined) return false
  const read = readRecord(record)
  const stored = read.kind === 'key' ? read.stored : unreadableKey(id, nowMs)
  if (stored.revokedAtMs !== null) return false
  return store.replaceRecord(record, record.version, textOf({ ...stored, revokedAtMs: nowMs }))
}

/**
 * Deletes keys that were revoked or have expired `ENDED_KEYS_KEPT_DAYS` ago; the last key of a
 * store stays, by which the service knows that it needs one. Returns how many are gone.
 */
export async function pruneApiKeys(store: RecordStore, nowMs: number): Promise<number> {
  const endedMs = nowMs - ENDED_KEYS_KEPT_DAYS * DAY_MS
  let total = 0
  for (let round = 0; round < PRUNE_ROUNDS_MAX; round++) {
    const read = await apiKeyReader(store)()
    const ended = read.flatMap((one) =>
      one.kind === 'key' && endOf(one.stored) <= endedMs ? [one.stored.id] : [],
    )
    const gone = ended.length === read.length ? ended.slice(0, -1) : ended
    for (const id of gone) if (await store.deleteRecord(keyOf(id))) total += 1
    if (gone.length === 0 || read.length < RECORDS_MAX) return total
  }
  return total
}

function endOf({ notAfterMs, revokedAtMs }: StoredApiKey): number {
  const never = Number.POSITIVE_INFINITY
  return Math.min(notAfterMs ?? never, revokedAtMs ?? never)
}

/** Reads scopes as they are typed, such as `read,verify`; undefined if one is unknown. */
export function parseScopes(text: string | undefined): readonly Scope[] | undefined {
  if (text === undefined) return DEFAULT_SCOPES
  const named = text.split(/[,+]/)
  return named.every((name) => SCOPES.some((scope) => scope === name))
    ? [...new Set(named as Scope[])]
    : undefined
}

function keyOf(id: string): { kind: string; app: string; id: string } {
  return { kind: API_KEY_KIND, app: INSTALLATION, id }
}

function textOf({ id: _, ...value }: StoredApiKey): string {
  return JSON.stringify(value)
}

/** What is put in the place of a record that cannot be read, so that it can be revoked. */
function unreadableKey(id: string, nowMs: number): StoredApiKey {
  const never = { notAfterMs: null, revokedAtMs: null }
  return { id, name: '', keyHash: '', scopes: [], app: null, createdAtMs: nowMs, ...never }
}

const timeOrNull = v.nullable(v.number())
const recordValue = v.object({
  name: v.string(),
  keyHash: v.string(),
  scopes: v.array(v.string()),
  app: v.nullable(v.string()),
  createdAtMs: v.number(),
  notAfterMs: timeOrNull,
  revokedAtMs: timeOrNull,
})

function readRecord({ id, value }: StoredRecord): ReadApiKey {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), recordValue), value)
  if (!parsed.success) return { kind: 'unreadable', id }
  // A scope of a newer release allows nothing here.
  const scopes = SCOPES.filter((scope) => parsed.output.scopes.includes(scope))
  const stored: StoredApiKey = { id, ...parsed.output, scopes }
  if (stored.revokedAtMs !== null) return { kind: 'key', stored, key: undefined }
  const named = parseApiKey(stored.keyHash)
  if (named.kind === 'fault' || named.key.id !== id) return { kind: 'unreadable', id }
  const { app, notAfterMs } = stored
  return { kind: 'key', stored, key: { ...named.key, scopes: new Set(scopes), app, notAfterMs } }
}
