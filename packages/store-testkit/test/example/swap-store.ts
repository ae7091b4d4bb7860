import { guardStore, type Store, StoreError } from '@pawl/core'
import type { Content } from './content.ts'
import * as documents from './documents.ts'
import type { Place } from './place.ts'
import * as revocations from './revocations.ts'
import * as sessions from './sessions.ts'

/** One call of the port: reads the content, may change it, and answers. */
type Step<Answer> = (content: Content) => Answer

interface Waiting {
  readonly step: Step<unknown>
  readonly resolve: (answer: never) => void
  readonly reject: (error: unknown) => void
}

/** How often a batch is done anew because another process was faster. */
const ATTEMPTS_MAX = 100

/** A store on any place that can compare and swap one value; for few sessions: it writes all. */
export function swapStore(place: Place): Store {
  const run = batches(place)
  const ask = async <Answer>(step: Step<Answer>): Promise<Answer> =>
    structuredClone(step(await read(place).then(({ content }) => content)))
  const frame = {
    engine: 'example',
    title: 'example',
    isEmbedded: true,
    release: () => place.close(),
  }
  return guardStore(frame, {
    find: (key) => ask((content) => sessions.find(content, key)),
    insert: (session, limit) => run((content) => sessions.insert(content, session, limit)),
    rotate: (key, rotation) => run((content) => sessions.rotate(content, key, rotation)),
    updateClaims: (key, claims) => run((content) => sessions.update(content, key, { claims })),
    updateData: (key, data) => run((content) => sessions.update(content, key, { data })),
    listByUser: (user, page) => ask((content) => sessions.listByUser(content, user, page)),
    deleteExpired: (nowMs, limit) =>
      run((content) => sessions.deleteExpired(content, nowMs, limit)),
    revoke: (key, revocation) => run((content) => revocations.revoke(content, key, revocation)),
    revokeByUser: (user, revocation) =>
      run((content) => revocations.revokeByUser(content, user, revocation)),
    revokeBefore: (scope, cutOff) =>
      run((content) => revocations.revokeBefore(content, scope, cutOff)),
    revocationsAfter: (cursor, limit) =>
      ask((content) => revocations.revocationsAfter(content, cursor, limit)),
    revocationsEnd: () => ask((content) => String(content.lastNumber)),
    trimRevocations: (beforeMs, limit) =>
      run((content) => revocations.trimRevocations(content, beforeMs, limit)),
    sweepCutOffs: (request) => run((content) => revocations.sweepCutOffs(content, request)),
    findRecord: (key) => ask((content) => documents.findRecord(content, key)),
    listRecords: (kind, app) => ask((content) => documents.listRecords(content, kind, app)),
    insertRecord: (key, value) => run((content) => documents.insertRecord(content, key, value)),
    replaceRecord: (key, expectedVersion, value) =>
      run((content) => documents.replaceRecord(content, key, { expectedVersion, value })),
    deleteRecord: (key) => run((content) => documents.deleteRecord(content, key)),
    walkSessions: (after, limit) => ask(({ rows }) => documents.walk(rows, after, limit)),
    walkCutOffs: (after, limit) => ask(({ cutOffs }) => documents.walk(cutOffs, after, limit)),
    walkRecords: (after, limit) => ask(({ records }) => documents.walk(records, after, limit)),
    put: (moved) => run((content) => documents.put(content, moved)),
    clockMs: async () => null,
    migrate: async () => {},
    ping: () => run(() => undefined),
  })
}

/** Calls that come together share a swap, and are answered after it; a lone one waits for none. */
function batches(place: Place) {
  let waiting: Waiting[] = []
  let isBusy = false

  async function drain(): Promise<void> {
    isBusy = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await commit(place, batch)
    }
    isBusy = false
  }

  return <Answer>(step: Step<Answer>): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push({ step, resolve, reject } as Waiting)
    if (!isBusy) void drain()
    return promise
  }
}

async function commit(place: Place, batch: readonly Waiting[]): Promise<void> {
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const { number, content } = await read(place)
      // Answers are copies: what the next step of the batch changes is not theirs.
      const answers = batch.map(({ step }) => structuredClone(step(content)))
      if (!(await write(place, number, content))) continue
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as never)
      return
    }
    throw new StoreError('conflict', 'other processes were faster, again and again')
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

async function read(place: Place): Promise<{ number: number; content: Content }> {
  try {
    const { number, text } = await place.read()
    return { number, content: JSON.parse(text) as Content }
  } catch (cause) {
    throw new StoreError('unavailable', 'the place cannot be read', { cause })
  }
}

/** Trouble under a swap leaves open whether it was done. */
async function write(place: Place, number: number, content: Content): Promise<boolean> {
  const text = JSON.stringify(content)
  try {
    return await place.swap(number, text)
  } catch (cause) {
    throw new StoreError('timeout', 'whether the place was written to is not known', { cause })
  }
}
