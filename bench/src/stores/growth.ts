import type { EpochMs, Session, SessionHandle, Store, UserId } from '@pawl/core'
import type { Line } from '../figure.ts'
import { median } from '../statistics.ts'
import { BEGIN_MS, fill, newWorkload, type Workload } from './workload.ts'

const SMALL_ROWS = 10_000
const LARGE_ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const ROUNDS = 7
const CALLS = 400

/** A store with so many rows, and what to do when it is no longer needed. */
export interface Filled {
  readonly store: Store
  readonly workload: Workload
}

/** A store that is to be filled, and a faster way to it than one insert after the other. */
export interface Opened {
  readonly store: Store
  /** Adds the sessions of a workload up to a number; the first is there. */
  readonly fill?: (range: { readonly from: number; readonly to: number }) => Promise<void>
}

/** Fills a store with the rows of a workload. */
export async function filled({ store, fill: fast }: Opened, rows: number): Promise<Filled> {
  await store.migrate()
  const workload = newWorkload(rows)
  if (fast === undefined) await fill(store, workload)
  else {
    await store.insert(workload.sessionOf(0), null)
    await fast({ from: 1, to: rows })
  }
  return { store, workload }
}

let serial = 0

/** A session that is in no workload: what is done to it changes nothing that is measured. */
function extra(workload: Workload): Session {
  serial += 1
  const handle = `extra-${serial}`.padEnd(22, 'x') as SessionHandle
  return { ...workload.sessionOf(0), handle, userId: `extra ${serial}` as UserId }
}

/** Every operation that grows with nothing but the table. */
const operations: Readonly<Record<string, (filled: Filled) => Promise<unknown>>> = {
  rotate: ({ store, workload }) => workload.rotateOne(store),
  find: ({ store, workload }) => store.find(workload.keyOf(randomBelow(workload.rows))),
  insert: ({ store, workload }) => store.insert(extra(workload), null),
  'insert, with a limit': ({ store, workload }) =>
    store.insert(extra(workload), { max: 3, policy: 'end-oldest' }),
  list: ({ store, workload }) => {
    const user = workload.sessionOf(randomBelow(workload.rows))
    return store.listByUser(user, { nowMs: BEGIN_MS, limit: 10, after: null })
  },
  'insert and revoke': async ({ store, workload }) => {
    const session = extra(workload)
    await store.insert(session, null)
    await store.revoke(session, { reason: 'sign-out', nowMs: BEGIN_MS })
  },
  'sweep of nothing': ({ store }) => store.deleteExpired((BEGIN_MS - 1) as EpochMs, 100),
  'tail of the log': async ({ store }) => {
    await store.revocationsAfter(await store.revocationsEnd(), 100)
  },
}

/** What an engine of the tests does not bear. */
interface GrowthLimits {
  /** Default: 10^6, or `PAWL_BENCH_ROWS`. */
  readonly largeRows?: number
  /** Operations that are left out, by name. */
  readonly without?: readonly string[]
}

/** Cost of each operation at 10^6 rows over its cost at 10^4, one call at a time. */
export async function growthLines(
  open: () => Opened,
  { largeRows = LARGE_ROWS, without = [] }: GrowthLimits = {},
): Promise<readonly Line[]> {
  const small = await filled(open(), SMALL_ROWS)
  const large = await filled(open(), largeRows)
  const lines: Line[] = []
  for (const [name, operation] of Object.entries(operations)) {
    if (without.includes(name)) continue
    const ratios: number[] = []
    for (let round = -1; round < ROUNDS; round++) {
      const [first, second] = round % 2 === 0 ? [small, large] : [large, small]
      const [a, b] = [await costOf(operation, first), await costOf(operation, second)]
      if (round >= 0) ratios.push(round % 2 === 0 ? b / a : a / b)
    }
    lines.push({
      what: `${name}: cost at ${largeRows} rows ÷ at ${SMALL_ROWS}`,
      unit: '×',
      ours: median(ratios),
      reference: null,
      goal: { kind: 'atMost', target: 1.3, moonshot: 1.1 },
    })
  }
  await small.store.close()
  await large.store.close()
  return lines
}

async function costOf(operation: (at: Filled) => Promise<unknown>, at: Filled): Promise<number> {
  const startedMs = performance.now()
  for (let call = 0; call < CALLS; call++) await operation(at)
  return performance.now() - startedMs
}

function randomBelow(count: number): number {
  return Math.floor(Math.random() * count)
}
