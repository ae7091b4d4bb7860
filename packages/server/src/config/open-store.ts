import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Store } from '@pawl/core'
import { nearestName } from './nearest.ts'

/** One way to a database: what a store's URL starts with, and what opens it. */
interface StoreKind {
  readonly packageName: string
  /** The function of the package that makes the store. */
  readonly factory: string
}

/**
 * THE STORES, by the scheme of their URL. Packages beside SQLite are installed by whoever uses
 * them.
 */
const STORE_KINDS: { readonly [scheme: string]: StoreKind } = {
  'postgres:': { packageName: '@pawl/store-postgres', factory: 'postgresStore' },
  'postgresql:': { packageName: '@pawl/store-postgres', factory: 'postgresStore' },
  'mysql:': { packageName: '@pawl/store-mysql', factory: 'mysqlStore' },
  'mariadb:': { packageName: '@pawl/store-mysql', factory: 'mysqlStore' },
  'mongodb:': { packageName: '@pawl/store-mongodb', factory: 'mongodbStore' },
  'mongodb+srv:': { packageName: '@pawl/store-mongodb', factory: 'mongodbStore' },
  'redis:': { packageName: '@pawl/store-redis', factory: 'redisStore' },
  'rediss:': { packageName: '@pawl/store-redis', factory: 'redisStore' },
}

const SQLITE = 'sqlite'
/** A path with two slashes in front would be one from the root, which nobody means. */
const SQLITE_WITH_HOST = /^sqlite:\/\/[^/]/
/** What people call engines that have another scheme. */
const NICKNAMES: { readonly [scheme: string]: string } = {
  pg: 'postgres',
  psql: 'postgres',
  mongo: 'mongodb',
  valkey: 'redis',
  valkeys: 'rediss',
  file: SQLITE,
}
const PRIVATE_DIR_MODE = 0o700

/** What is wrong with the `store` of a configuration, or null; repeats no password. */
export function faultOfStore(store: string): string | null {
  if (SQLITE_WITH_HOST.test(store)) {
    return 'store: a SQLite file has no host: write sqlite:<path>, with one slash or none before it'
  }
  if (store === SQLITE || store.startsWith(`${SQLITE}:`)) return null
  const scheme = schemeOf(store)
  if (scheme !== undefined && Object.hasOwn(STORE_KINDS, scheme)) return null
  const known = [SQLITE, 'sqlite:<path>', ...Object.keys(STORE_KINDS).map((one) => `${one}//…`)]
  const meant = likelyMeant(store)
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`
  return `store: must be one of ${known.join(', ')}${hint}`
}

/** What a store that is none may stand for; only names of ours, since a password may be in it. */
function likelyMeant(store: string): string | undefined {
  const scheme = /^[a-z0-9+]+(?=:)/i.exec(store)?.[0].toLowerCase()
  if (scheme === undefined) return /[/\\]|\.\w+$/.test(store) ? `${SQLITE}:<path>` : undefined
  const schemes = Object.keys(STORE_KINDS).map((known) => known.slice(0, -1))
  const nearest = NICKNAMES[scheme] ?? nearestName(scheme, [SQLITE, ...schemes])
  if (nearest === undefined) return undefined
  return nearest === SQLITE ? `${SQLITE}:<path>` : `${nearest}://…`
}

/** A store's URL without its password, for people and logs. */
export function describeStore(store: string): string {
  if (schemeOf(store) === `${SQLITE}:`) return store
  // A URL that names several hosts is none to Node.
  if (!URL.canParse(store)) return store.replace(/:\/\/([^:@/]*):.*@/, '://$1:***@')
  const url = new URL(store)
  if (url.password !== '') url.password = '***'
  return url.href
}

/**
 * Opens the store that a configuration names: `sqlite` (in the data directory), `sqlite:<path>`, or
 * the URL of a server. Throws a sentence if the package for it is not installed.
 */
export async function openStore(config: {
  readonly store: string
  readonly dataDir: string
}): Promise<Store> {
  const { store } = config
  const file = sqliteFileOf(config)
  if (file !== undefined) {
    const { sqliteStore } = await import('@pawl/store-sqlite')
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true, mode: PRIVATE_DIR_MODE })
    return sqliteStore({ path: file })
  }
  const kind = kindOf(store)
  const open = (await loadPackage(kind))[kind.factory]
  if (typeof open !== 'function') throw new Error(`${kind.packageName} has no ${kind.factory}`)
  return (open as (options: { url: string }) => Store)({ url: store })
}

/** The file of a SQLite store; undefined for the URL of a server. */
export function sqliteFileOf(config: {
  readonly store: string
  readonly dataDir: string
}): string | undefined {
  const { store, dataDir } = config
  if (store !== SQLITE && !store.startsWith(`${SQLITE}:`)) return undefined
  return store.slice(SQLITE.length + 1) || path.join(dataDir, 'pawl.db')
}

/** The package that opens a store's URL; a sentence if it is not installed. */
export function loadStorePackage(store: string): Promise<{ readonly [name: string]: unknown }> {
  return loadPackage(kindOf(store))
}

function kindOf(store: string): StoreKind {
  const kind = STORE_KINDS[schemeOf(store) ?? '']
  if (kind === undefined) throw new Error(faultOfStore(store) ?? 'store: unknown')
  return kind
}

async function loadPackage(kind: StoreKind): Promise<{ readonly [name: string]: unknown }> {
  const { packageName } = kind
  try {
    return (await import(packageName)) as { readonly [name: string]: unknown }
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw cause
    const advice = `this store needs the package ${packageName}: npm install ${packageName}`
    throw new Error(advice, { cause })
  }
}

function schemeOf(store: string): string | undefined {
  return /^[a-z+]+:/.exec(store)?.[0]
}
