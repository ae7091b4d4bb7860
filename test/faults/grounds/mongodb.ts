import { createRequire } from 'node:module'
import type { GroundKind } from '../ground.ts'
import { openServerGround } from './server-ground.ts'

/** What is used of the client that the store brings. */
interface MongoModule {
  readonly MongoClient: new (
    url: string,
  ) => {
    db(): {
      collection(name: string): {
        updateOne(filter: object, update: object): Promise<unknown>
        insertOne(document: object): Promise<unknown>
      }
    }
    close(): Promise<void>
  }
}

/** The client is a library of the store's, not of the tests. */
const CLIENT = 'mongodb'

/** MongoDB, or what stands for it: its file is copied; connections are turned away on the wire. */
export const mongodbGround: GroundKind = {
  name: 'mongodb',
  open: (folder) =>
    openServerGround(
      {
        name: 'mongodb',
        data: 'data.mv',
        exhaust: async (_engine, proxy) => {
          proxy.refuse()
          proxy.cut()
          return async () => proxy.flow()
        },
        migrateAsNextRelease: async ({ url }) => {
          const require = createRequire(import.meta.resolve('@pawl/store-mongodb'))
          const { MongoClient } = require(CLIENT) as MongoModule
          const client = new MongoClient(url)
          const db = client.db()
          await db.collection('pawl_moods').insertOne({ mood: 'good' })
          const filter = { _id: 'schema' }
          await db.collection('pawl_schema').updateOne(filter, { $inc: { version: 1 } })
          await client.close()
        },
      },
      folder,
    ),
}
