import type { EndReason, EpochMs, SessionLimit } from '@pawl/core'
import fc from 'fast-check'
import { NOW_MS } from './fixtures.ts'

/** The names in the small world of the sequences: few, so that operations meet. */
export const NAMES = { tenants: 2, users: 2, handles: 4 } as const
const HASHES = 4
const RECORDS = 2
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
