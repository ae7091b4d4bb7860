import { StoreError } from '@pawl/core'
import { answeredWithin, answerLost, type Effect } from '@pawl/store-kit'
import {
  type Collection,
  type Db,
  MongoClient,
  type MongoClientOptions,
  MongoServerSelectionError,
  ReadConcern,
} from 'mongodb'
import { wrongUrl } from './connection.ts'
import { isAnswerLost, isNotSent, reasonOf, toStoreError } from './errors.ts'
import type { CutOffDocument, EntryDocument, RecordDocument } from './log-rows.ts'
import type { SessionDocument } from './rows.ts'

/** The one document that says what the collections are. */
export interface SchemaDocument {
  readonly _id: 'schema'
  readonly version: number
  readonly pingedMs?: number
}

/** The collections, with the concerns that every read and write of ours has. */
export interface Collections {
  readonly db: Db
  readonly sessions: Collection<SessionDocument>
  readonly cutOffs: Collection<CutOffDocument>
  readonly log: Collection<EntryDocument>
  readonly records: Collection<RecordDocument>
  readonly schema: Collection<SchemaDocument>
}

/** Names of the collections, as statements that join them need them. */
export const collectionNames = {
  sessions: 'pawl_sessions',
  cutOffs: 'pawl_cut_offs',
  log: 'pawl_revocations',
  records: 'pawl_records',
  schema: 'pawl_schema',
} as const

/** The index by which no two sessions of a user hold the same place of a limit. */
export const SLOT_INDEX = 'pawl_slot'

/** The database behind the driver's pool. */
export interface Database {
  /** Runs commands; what they throw becomes a `StoreError`. */
  run<T>(effect: Effect, work: (collections: Collections) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Bounds of the pool and of an operation. */
export interface DatabaseOptions {
  readonly url: string
  readonly options: MongoClientOptions
  readonly database: string
  readonly poolMax: number
  /** The longest wait for a primary that takes commands, and for a connection to it. */
  readonly connectTimeoutMs: number
  /** The longest wait for the answer of a command, once it was sent. */
  readonly answerTimeoutMs: number
}

/** Calls under way or waiting for a connection; more are refused at once. */
const UNDER_WAY_MAX = 2000
/**
 * The driver's own bounds are per step. A call, of several commands at times, is given up after so
 * many waits for a connection and for an answer.
 */
const LIMIT_FACTOR = 2

/**
 * Opens the driver; connects when the first command is run. Writes are on a majority and in its
 * journals before they are answered. Reads go to the primary and are linearizable, which only the
 * members of a replica set offer; a lone server has nothing newer than itself and is read as it is.
 */
export function openDatabase(settings: DatabaseOptions): Database {
  const limitMs = LIMIT_FACTOR * (settings.connectTimeoutMs + settings.answerTimeoutMs)
  const limit = { title: 'MongoDB', limitMs, kind: 'timeout' } as const
  let line: Line | undefined = { client: makeClient(settings), opening: undefined }
  let underWay = 0

  async function open(client: MongoClient): Promise<Collections> {
    await client.connect()
    const isReplicated = await belongsToReplicaSet(client.db('admin'))
    return collectionsOf(
      client.db(settings.database, {
        readConcern: new ReadConcern(isReplicated ? 'linearizable' : 'local'),
        readPreference: 'primary',
        writeConcern: { w: 'majority', journal: true, wtimeoutMS: settings.answerTimeoutMs },
      }),
    )
  }

  /** The driver's watch over a server can stop for good: whoever found none begins anew. */
  function drop(dropped: Line): void {
    if (line !== dropped) return
    line = undefined
    dropped.client.close().catch(() => {})
  }

  async function runOnce<T>(work: (collections: Collections) => Promise<T>): Promise<T> {
    line ??= { client: makeClient(settings), opening: undefined }
    const current = line
    current.opening ??= open(current.client)
    try {
      return await work(await current.opening)
    } catch (thrown) {
      const error = reasonOf(thrown)
      const isLost = error instanceof MongoServerSelectionError
      if (isLost || (await isRejected(current.opening))) drop(current)
      throw error
    }
  }

  return {
    run: async (effect, work) => {
      if (underWay >= UNDER_WAY_MAX) {
        throw new StoreError('unavailable', 'MongoDB is too slow for what is asked of it now')
      }
      underWay += 1
      try {
        return await answeredWithin(limit, runOnce(work)).catch((error: unknown) => {
          const isHarmless = effect !== 'once' && isAnswerLost(error)
          if (isHarmless || isNotSent(error)) return answeredWithin(limit, runOnce(work))
          throw error
        })
      } catch (error) {
        throw troubleOf(effect, error)
      } finally {
        underWay -= 1
      }
    },
    close: async () => line?.client.close(),
  }
}

/** A client of the driver, and its connecting. */
interface Line {
  readonly client: MongoClient
  opening: Promise<Collections> | undefined
}

function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  )
}

function makeClient({ url, options, poolMax, ...times }: DatabaseOptions): MongoClient {
  try {
    return new MongoClient(url, {
      ...options,
      appName: 'pawl',
      maxPoolSize: poolMax,
      connectTimeoutMS: times.connectTimeoutMs,
      serverSelectionTimeoutMS: times.connectTimeoutMs,
      waitQueueTimeoutMS: times.connectTimeoutMs,
      socketTimeoutMS: times.answerTimeoutMs,
      // A read is sent again by us, and not after a wait; a write by the driver, which can tell the
      // server that it is the same one.
      retryReads: false,
      // A primary that answers nobody is looked for elsewhere this often.
      heartbeatFrequencyMS: 5000,
      tlsInsecure: false,
    })
  } catch {
    // What the driver says of a URL may repeat it.
    throw wrongUrl('cannot be read: look at its parameters')
  }
}

async function belongsToReplicaSet(admin: Db): Promise<boolean> {
  const hello = await admin.command({ hello: 1 })
  return typeof hello.setName === 'string' || hello.msg === 'isdbgrid'
}

function collectionsOf(db: Db): Collections {
  return {
    db,
    sessions: db.collection(collectionNames.sessions),
    cutOffs: db.collection(collectionNames.cutOffs),
    log: db.collection(collectionNames.log),
    records: db.collection(collectionNames.records),
    schema: db.collection(collectionNames.schema),
  }
}

/** A write whose answer was lost may have been done: that is what `timeout` says. */
function troubleOf(effect: Effect, error: unknown): unknown {
  const isOpen = effect !== 'none' && isAnswerLost(error)
  return isOpen ? answerLost('MongoDB', error) : toStoreError(error)
}
