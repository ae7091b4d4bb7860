import type { RecordStore, StoredRecord } from '@pawl/core'
import { StoreError } from '@pawl/core'
import type { Scope } from '@pawl/protocol'
import { type ApiKey, DEFAULT_SCOPES, generateApiKey, parseApiKey, SCOPES } from './api-keys.ts'

/** The kind of an API key's record; the app is `*`, the id that of the key. */
const API_KEY_KIND = 'api-key'
const INSTALLATION = '*'

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

/** Makes a key and stores its hash. The key itself is in the answer and nowhere else. */
export async function createApiKey(
  store: RecordStore,
  order: ApiKeyOrder,
): Promise<{ readonly key: string; readonly stored: StoredApiKey }> {
  const { nowMs, ...facts } = order
  const { key, keyHash } = generateApiKey()
  const id = key.split('.')[1] ?? ''
  const stored = { id, ...facts, keyHash, createdAtMs: nowMs, revokedAtMs: null }
  const { id: _, ...value } = stored
  const isNew = await store.insertRecord(keyOf(id), JSON.stringify(value))
  if (!isNew) throw new Error('the random generator repeated the id of an API key')
  return { key, stored }
}

/** All stored keys, revoked ones included, by id. */
export async function listApiKeys(store: RecordStore): Promise<readonly StoredApiKey[]> {
  return (await store.listRecords(API_KEY_KIND, INSTALLATION)).map(decodeRecord)
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
  const { id: _, ...stored } = decodeRecord(record)
  if (stored.revokedAtMs !== null) return false
  const value = JSON.stringify({ ...stored, revokedAtMs: nowMs })
  return store.replaceRecord(record, record.version, value)
}

/** A stored key as callers are compared with; undefined for a revoked one. */
export function apiKeyOf(stored: StoredApiKey): ApiKey | undefined {
  if (stored.revokedAtMs !== null) return undefined
  const parsed = parseApiKey(stored.keyHash)
  if (parsed.kind === 'fault' || parsed.key.id !== stored.id) {
    throw new StoreError('corrupt', `the API key ${stored.id} cannot be read`)
  }
  const { scopes, app, notAfterMs } = stored
  return { ...parsed.key, scopes: new Set(scopes), app, notAfterMs }
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

function decodeRecord(record: StoredRecord): StoredApiKey {
  const { id, value } = record
  try {
    return { ...(JSON.parse(value) as Omit<StoredApiKey, 'id'>), id }
  } catch (cause) {
    throw new StoreError('corrupt', `the API key ${id} cannot be read`, { cause })
  }
}
