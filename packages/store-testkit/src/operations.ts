import type {
  AppId,
  CutOffsSwept,
  EndReason,
  EpochMs,
  RevocationEntry,
  Session,
  SessionHandle,
  SessionLimit,
  Store,
  TenantId,
  UserId,
  UserScope,
} from '@pawl/core'
import fc from 'fast-check'
import { handleOf, hashOf, NOW_MS, newSession } from './fixtures.ts'

/** The names in the small world of the sequences: few, so that operations meet. */
export const NAMES = { tenants: 2, users: 2, handles: 4 } as const
const HASHES = 4
const RECORDS = 2
const IDLE_MS = 10_000
const DAY_MS = 86_400_000

const below = (count: number) => fc.nat({ max: count - 1 })
const reason = fc.constantFrom<EndReason>('revoked', 'sign-out', 'theft', 'replaced')
const key = { tenant: below(NAMES.tenants), handle: below(NAMES.handles) }
const user = { tenant: below(NAMES.tenants), user: below(NAMES.users) }

/** Seconds, give or take a millisecond, so that edges are met; at times a day later. */
const time = fc
  .tuple(below(45), fc.constantFrom(-1, 0, 0, 0, 1), fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1))
  .map(([seconds, edge, days]) => (NOW_MS + seconds * 1000 + edge + days * DAY_MS) as EpochMs)

const limit = fc.option(
  fc.record({ max: fc.constantFrom(1, 2), policy: fc.constantFrom('refuse', 'end-oldest') }),
) as fc.Arbitrary<SessionLimit | null>

function operation<Kind extends string, Parts extends object>(
  kind: Kind,
  parts: { [Name in keyof Parts]: fc.Arbitrary<Parts[Name]> },
): fc.Arbitrary<{ kind: Kind } & Parts> {
  return fc.record({ kind: fc.constant(kind), ...parts }) as unknown as fc.Arbitrary<
    { kind: Kind } & Parts
  >
}

const insert = operation('insert', {
  ...key,
  user: below(NAMES.users),
  createdAtMs: time,
  lifeMs: fc.constantFrom(5_000, 30_000, 3 * DAY_MS),
  hash: below(HASHES),
  limit,
})

const put = operation('put', {
  ...key,
  user: below(NAMES.users),
  createdAtMs: time,
  lifeMs: fc.constantFrom(30_000, 3 * DAY_MS),
  hash: below(HASHES),
  generation: fc.nat(3),
  confirmedAtMs: time,
  revokedAtMs: fc.option(time, { freq: 4 }),
})

const rotate = operation('rotate', {
  ...key,
  expected: below(HASHES),
  next: below(HASHES),
  prev: fc.option(below(HASHES)),
  mintedAtMs: time,
  nowMs: time,
})

const ends = fc.oneof(
  operation('revoke', { ...key, reason, nowMs: time, judged: fc.option(below(HASHES)) }),
  operation('revokeByUser', {
    ...user,
    reason,
    nowMs: time,
    except: fc.option(below(NAMES.handles)),
  }),
  operation('revokeBefore', {
    tenant: below(NAMES.tenants),
    user: fc.option(below(NAMES.users)),
    reason,
    nowMs: time,
    beforeMs: time,
  }),
)

const others = fc.oneof(
  operation('find', key),
  operation('updateClaims', { ...key, value: fc.jsonValue() }),
  operation('updateData', { ...key, value: fc.jsonValue() }),
  operation('listByUser', { ...user, nowMs: time, limit: fc.constantFrom(1, 2, 3) }),
  operation('revocationsAfter', { limit: fc.constantFrom(1, 2, 5) }),
  operation('revocationsEnd', {}),
  operation('deleteExpired', { nowMs: time }),
  operation('trimRevocations', { beforeMs: time }),
  operation('sweepCutOffs', { settledMs: time }),
)

const records = fc.oneof(
  operation('findRecord', { id: below(RECORDS) }),
  operation('listRecords', {}),
  operation('insertRecord', { id: below(RECORDS), value: fc.string() }),
  operation('replaceRecord', { id: below(RECORDS), version: fc.nat(3), value: fc.string() }),
  operation('deleteRecord', { id: below(RECORDS) }),
)

/** Any operation of the port, in the small world. */
export const operationArbitrary = fc.oneof(
  { weight: 6, arbitrary: insert },
  { weight: 8, arbitrary: rotate },
  { weight: 3, arbitrary: put },
  { weight: 4, arbitrary: ends },
  { weight: 6, arbitrary: others },
  { weight: 3, arbitrary: records },
)

/** One operation. */
export type Operation = typeof operationArbitrary extends fc.Arbitrary<infer T> ? T : never

/** A store on its way through a sequence. */
export interface Walk {
  readonly store: Store
  readonly app: AppId
  /** Where the follower of the revocation log stands. */
  readonly follower: { cursor: string }
}

/** A store at the start of a sequence. */
export async function newWalk(store: Store, app: AppId): Promise<Walk> {
  return { store, app, follower: { cursor: await store.revocationsEnd() } }
}

/** The kind of the records of the sequences. */
export const RECORD_KIND = 'sequence'

/** Does one operation; the answer has no cursors in it, which are the store's own. */
export async function perform(walk: Walk, operation: Operation): Promise<unknown> {
  const { store, app } = walk
  switch (operation.kind) {
    case 'insert':
      return store.insert(sessionOf(app, operation), operation.limit)
    case 'put':
      return performPut(walk, operation)
    case 'rotate':
      return performRotate(walk, operation)
    case 'find':
      return store.find(keyOf(app, operation))
    case 'updateClaims':
      return store.updateClaims(keyOf(app, operation), { value: operation.value as never })
    case 'updateData':
      return store.updateData(keyOf(app, operation), { value: operation.value as never })
    case 'revoke':
    case 'revokeByUser':
    case 'revokeBefore':
      return performEnd(walk, operation)
    case 'listByUser':
      return performList(walk, operation)
    case 'revocationsAfter':
      return performFollow(walk, operation.limit)
    case 'revocationsEnd':
      walk.follower.cursor = await store.revocationsEnd()
      return null
    case 'deleteExpired':
      return store.deleteExpired(operation.nowMs, 1000)
    case 'trimRevocations':
      return store.trimRevocations(operation.beforeMs, 1000)
    case 'sweepCutOffs':
      return performSweep(walk, operation.settledMs)
    default:
      return performOnRecord(walk, operation)
  }
}

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

/** A row of a name keeps its user and the time of its creation. */
async function performPut({ store, app }: Walk, operation: Of<'put'>): Promise<void> {
  const known = await store.find(keyOf(app, operation))
  const session = sessionOf(app, operation)
  const { generation, confirmedAtMs, revokedAtMs } = operation
  const endReason = revokedAtMs === null ? null : 'theft'
  const state = { generation, confirmedAtMs, revokedAtMs, endReason } as const
  const { userId, createdAtMs } = known ?? session
  await store.put({ sessions: [{ ...session, ...state, userId, createdAtMs }] })
}

/** How many cut-offs went, of all there are. */
async function performSweep({ store }: Walk, settledMs: EpochMs): Promise<number> {
  let deleted = 0
  for (let after: string | null = null; ; ) {
    const swept: CutOffsSwept = await store.sweepCutOffs({ settledMs, after, limit: 100 })
    deleted += swept.deleted
    after = swept.next
    if (after === null) return deleted
  }
}

function performRotate({ store, app }: Walk, operation: Of<'rotate'>): Promise<unknown> {
  const { expected, next, prev, mintedAtMs, nowMs } = operation
  const state = {
    generation: next,
    curHash2: hashOf(`${next}`),
    curMintedAtMs: mintedAtMs,
    prevHash2: prev === null ? null : hashOf(`${prev}`),
    confirmedAtMs: nowMs,
  }
  const rotation = { expected: hashOf(`${expected}`), next: state, nowMs }
  return store.rotate(keyOf(app, operation), rotation)
}

function performEnd(
  { store, app }: Walk,
  operation: Of<'revoke'> | Of<'revokeByUser'> | Of<'revokeBefore'>,
): Promise<unknown> {
  const { kind, reason, nowMs } = operation
  if (kind === 'revoke') {
    const { judged } = operation
    const judging = judged === null ? {} : { judged: hashOf(`${judged}`) }
    return store.revoke(keyOf(app, operation), { reason, nowMs, ...judging })
  }
  if (kind === 'revokeByUser') {
    const except = operation.except === null ? null : handleNamed(operation.except)
    return store.revokeByUser(userOf(app, operation), { reason, nowMs, except })
  }
  const userId = operation.user === null ? null : userNamed(operation.user)
  const scope = { app, tenant: tenantNamed(operation.tenant), userId }
  return store.revokeBefore(scope, { reason, nowMs, beforeMs: operation.beforeMs })
}

/** Every page of a user's sessions. */
export async function performList(
  { store, app }: Walk,
  operation: Pick<Of<'listByUser'>, 'tenant' | 'user' | 'nowMs' | 'limit'>,
): Promise<readonly (readonly Session[])[]> {
  const pages: (readonly Session[])[] = []
  let after: string | null = null
  do {
    const request: Parameters<Store['listByUser']>[1] = { ...operation, after }
    const page = await store.listByUser(userOf(app, operation), request)
    pages.push(page.sessions)
    after = page.next
  } while (after !== null)
  return pages
}

async function performFollow(walk: Walk, limit: number): Promise<readonly RevocationEntry[]> {
  const page = await walk.store.revocationsAfter(walk.follower.cursor, limit)
  walk.follower.cursor = page.cursor
  return page.entries
}

function performOnRecord(
  { store, app }: Walk,
  operation: Extract<Operation, { kind: `${string}Record${string}` }>,
): Promise<unknown> {
  if (operation.kind === 'listRecords') return store.listRecords(RECORD_KIND, app)
  const key = { kind: RECORD_KIND, app, id: `r${operation.id}` }
  switch (operation.kind) {
    case 'findRecord':
      return store.findRecord(key)
    case 'insertRecord':
      return store.insertRecord(key, operation.value)
    case 'replaceRecord':
      return store.replaceRecord(key, operation.version, operation.value)
    case 'deleteRecord':
      return store.deleteRecord(key)
  }
}

function sessionOf(app: AppId, operation: Of<'insert'> | Of<'put'>): Session {
  const { createdAtMs, lifeMs, hash } = operation
  const absoluteExpiresAtMs = (createdAtMs + lifeMs) as EpochMs
  return newSession({
    ...keyOf(app, operation),
    userId: userNamed(operation.user),
    createdAtMs,
    curHash2: hashOf(`${hash}`),
    idleTimeoutMs: IDLE_MS,
    idleExpiresAtMs: Math.min(createdAtMs + IDLE_MS, absoluteExpiresAtMs) as EpochMs,
    absoluteExpiresAtMs,
  })
}

/** The key of a session of the small world. */
export function keyOf(app: AppId, { tenant, handle }: { tenant: number; handle: number }) {
  return { app, tenant: tenantNamed(tenant), handle: handleNamed(handle) }
}

function userOf(app: AppId, parts: { tenant: number; user: number }): UserScope {
  return { app, tenant: tenantNamed(parts.tenant), userId: userNamed(parts.user) }
}

function tenantNamed(index: number): TenantId {
  return `tenant-${index}` as TenantId
}

function userNamed(index: number): UserId {
  return `user-${index}` as UserId
}

function handleNamed(index: number): SessionHandle {
  return handleOf(`sequence ${index}`)
}
