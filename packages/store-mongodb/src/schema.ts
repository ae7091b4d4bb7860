import { StoreError } from '@pawl/core'
import type { CreateIndexesOptions } from 'mongodb'
import { type Collections, collectionNames, type Database, SLOT_INDEX } from './database.ts'
import { DUPLICATE_KEY, serverCode } from './errors.ts'

interface IndexPlan {
  readonly collection: 'sessions' | 'log'
  readonly key: { readonly [field: string]: 1 }
  readonly options: CreateIndexesOptions & { readonly name: string }
}

/**
 * The schema's history, oldest first: the version is the position plus one. Forward only: an entry
 * that was ever released is never edited, a change is a new entry, and the release before it must
 * be able to go on with what it makes. Fields of documents need no migration; indexes do.
 */
const migrations: readonly (readonly IndexPlan[])[] = [
  [
    {
      collection: 'sessions',
      key: { user: 1, created: 1, _id: 1 },
      options: { name: 'pawl_by_user' },
    },
    { collection: 'sessions', key: { sweep: 1 }, options: { name: 'pawl_by_sweep' } },
    {
      collection: 'sessions',
      key: { slot: 1 },
      options: { name: SLOT_INDEX, unique: true, sparse: true },
    },
    {
      collection: 'sessions',
      key: { drop: 1 },
      options: { name: 'pawl_drop', expireAfterSeconds: 0 },
    },
    { collection: 'log', key: { at: 1 }, options: { name: 'pawl_by_time' } },
  ],
]

/** The schema version that this build reads and writes. */
export const SCHEMA_VERSION = migrations.length

/**
 * What `migrate` does, as commands of `mongosh`.
 *
 * @param fromVersion the version that the database has; 0, the default, for an empty one
 */
export function migrationSql(fromVersion = 0): string {
  const plans = migrations.slice(fromVersion).flat()
  if (plans.length === 0) return ''
  const lines = plans.map(({ collection, key, options }) => {
    const place = collectionNames[collection]
    return `db.${place}.createIndex(${JSON.stringify(key)}, ${JSON.stringify(options)})`
  })
  const version = `{ _id: 'schema' }, { $set: { version: ${SCHEMA_VERSION} } }, { upsert: true }`
  return [...lines, `db.${collectionNames.schema}.updateOne(${version})`].join('\n')
}

/**
 * Makes the indexes that are missing and notes the version; does nothing where nothing is to be
 * done, so that the user of a core needs no right to make indexes. Making one that is there is
 * harmless, and so are several at once.
 */
export async function migrateSchema(db: Database): Promise<void> {
  await db.run('repeatable', async (collections) => {
    const version = await knownVersion(collections)
    for (const { collection, key, options } of migrations.slice(version).flat()) {
      await collections[collection].createIndex(key, options)
    }
    if (version < SCHEMA_VERSION) await raiseVersion(collections)
  })
}

/** The schema's version; 0 where there is none. Throws if it is newer than this build. */
export async function knownVersion({ schema }: Pick<Collections, 'schema'>): Promise<number> {
  const version = (await schema.findOne({ _id: 'schema' }))?.version ?? 0
  if (version <= SCHEMA_VERSION) return version
  const builds = `schema ${version}, this build reads up to ${SCHEMA_VERSION}`
  throw new StoreError('schema', `the MongoDB database is newer than this build: ${builds}`)
}

/** Notes this build's version, unless another build has noted one as high meanwhile. */
async function raiseVersion({ schema }: Collections): Promise<void> {
  const filter = { _id: 'schema' as const, version: { $lt: SCHEMA_VERSION } }
  try {
    await schema.updateOne(filter, { $set: { version: SCHEMA_VERSION } }, { upsert: true })
  } catch (error) {
    if (serverCode(error) !== DUPLICATE_KEY) throw error
  }
}

/** Writes something, so that a replica, a full disk or a database without our indexes shows. */
export async function pingDatabase(db: Database): Promise<void> {
  const change = { $set: { pingedMs: Date.now() } }
  const { matchedCount } = await db.run('repeatable', ({ schema }) =>
    schema.updateOne({ _id: 'schema' }, change),
  )
  if (matchedCount === 1) return
  throw new StoreError('schema', 'the MongoDB database was never migrated: run the migrations')
}
