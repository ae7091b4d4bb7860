import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { MongoClient } from 'mongodb'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'

const CLIENTS = 5
const SWAPS = 50
const ROUNDS = 20

interface Swapped {
  readonly _id: string
  readonly value: number
  readonly low: number
}

/** What the store builds on, asked of the server itself, by the bare driver. */
function describeSwaps(): void {
  let engine: Engine
  let clients: MongoClient[] = []
  const database = `pawl-swaps-${process.pid}-${Date.now()}`
  const collection = (index: number) =>
    (clients[index % CLIENTS] as MongoClient).db(database).collection<Swapped>('swaps')

  before(async () => {
    engine = await useEngine('mongodb')
    clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => new MongoClient(engine.url).connect()),
    )
  })
  after(async () => {
    await clients[0]?.db(database).dropDatabase()
    for (const client of clients) await client.close()
    await engine?.stop()
  })

  /** How many of 50 swaps from one value, on five connections, found it. */
  async function winners(round: number, updateOf: (value: number) => object): Promise<number> {
    const _id = `round ${round}`
    await collection(0).replaceOne({ _id }, { value: 0, low: 9 }, { upsert: true })
    const answers = await Promise.all(
      Array.from({ length: SWAPS }, (_, index) =>
        collection(index).findOneAndUpdate({ _id, value: 0 }, updateOf(index + 1)),
      ),
    )
    return answers.filter((answer) => answer !== null).length
  }

  it('lets one of 50 concurrent swaps win, round after round', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      assert.equal(await winners(round, (value) => ({ $set: { value } })), 1)
    }
  })

  it('lets one of 50 win as well where the update is computed from the row', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const update = (value: number) => [{ $set: { value, low: { $min: ['$low', value] } } }]
      assert.equal(await winners(round, update), 1)
      const row = await collection(0).findOne({ _id: `round ${round}` })
      assert.equal(row?.low, Math.min(9, row?.value ?? 0))
    }
  })

  it('lets one of 50 concurrent insertions have a place of a unique index', async () => {
    await collection(0).deleteMany({})
    await collection(0).createIndex({ low: 1 }, { unique: true, sparse: true })
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.allSettled(
        Array.from({ length: SWAPS }, (_, index) =>
          collection(index).insertOne({ _id: `${round}.${index}`, value: 0, low: 100 + round }),
        ),
      )
      assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    }
  })
}

if (isChosen('mongodb')) describe('the MongoDB server of the tests', describeSwaps)
