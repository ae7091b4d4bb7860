import type {
  AppId,
  CutOffsSwept,
  EpochMs,
  RevocationEntry,
  Session,
  SessionHandle,
  Store,
  TenantId,
  UserId,
  UserScope,
} from '@pawl/core'
import { handleOf, hashOf, newSession } from './fixtures.ts'
import type { Operation } from './operations.ts'

const IDLE_MS = 10_000

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
