import type { Session } from '@pawl/core'
import type { RaceAnswer, RaceCall, RacedCall } from './calls.ts'
import { grantMark, stepModel, type TokenFacts } from './race-model.ts'

/** What is to be explained. */
export interface OrderProblem {
  /** Calls with their answers; those that were undecided and did nothing are left out. */
  readonly calls: readonly RacedCall[]
  readonly tokens: readonly TokenFacts[]
  readonly before: Session
  readonly after: Session
}

/** States looked at before the search gives up. */
const STATES_MAX = 100_000

/** The mark of a report of use that moved the row. */
const CONFIRMED = 'confirmed 1'

/** Calls that are alike: the same call at the same time with the same answer. */
interface Alike {
  readonly call: RaceCall & { readonly nowMs: number }
  readonly mark: string
  /** What the answer shows of the row, if it is a grant's. */
  readonly grant: GrantFacts | null
  readonly succeeds: boolean
  /** Positions in the list of calls, by the end of the call. */
  readonly members: readonly number[]
  left: number
}

/**
 * Finds an order in which the calls, one after the other, give the answers that they gave and the
 * row that was left; undefined if there is none. The order keeps real time: a call that ended
 * before another began comes before it.
 *
 * The search is complete within its bound, and fast because: a call that changes nothing and whose
 * answer fits is taken at once, which never hurts, and so are claims with all who saw them if they
 * fit; calls that are alike are interchangeable; claims never come back, so all who saw them must
 * be taken before they are replaced; what succeeded must be taken before the session ends; and
 * states are not visited twice. What is left to choose is the order of the few calls that rotate.
 *
 * @throws if the bound is reached: then nothing is known
 */
export function findOrder(problem: OrderProblem): readonly RacedCall[] | undefined {
  const search = newSearch(problem)
  return explore(search, problem.before) ? search.order.map((at) => at.raced) : undefined
}

interface GrantFacts {
  readonly token: number
  /** Whether the grant changed the row. */
  readonly isChange: boolean
  /** Whether it was granted to the row's own current token. */
  readonly isCurrent: boolean
  /** The claims, and the idle expiry, that the row then had. */
  readonly value: string
  readonly idleExpiresAtMs: number
}

interface Search extends OrderProblem {
  readonly groups: readonly Alike[]
  readonly isTaken: boolean[]
  /** Positions in the list of calls, by the end of the call. */
  readonly byEnd: readonly number[]
  readonly order: { readonly raced: RacedCall; readonly at: number; readonly group: Alike }[]
  readonly visited: Set<string>
}

function newSearch(problem: OrderProblem): Search {
  const { calls } = problem
  const byEnd = calls.map((_, at) => at).sort((a, b) => endOf(calls, a) - endOf(calls, b))
  const groups = new Map<string, Alike>()
  for (const at of byEnd) {
    const raced = calls[at]
    if (raced === undefined) continue
    const call = { ...raced.call, nowMs: raced.nowMs }
    const mark = markOf(raced.call, raced.answer)
    const name = JSON.stringify([call, mark])
    const known = groups.get(name)
    if (known !== undefined) {
      groups.set(name, { ...known, members: [...known.members, at], left: known.left + 1 })
      continue
    }
    const grant = grantFacts(raced)
    const succeeds = grant !== null || mark === 'claims' || mark === CONFIRMED
    groups.set(name, { call, mark, grant, succeeds, members: [at], left: 1 })
  }
  const isTaken = calls.map(() => false)
  return {
    ...problem,
    groups: [...groups.values()],
    isTaken,
    byEnd,
    order: [],
    visited: new Set(),
  }
}

function grantFacts({ call, answer }: RacedCall): GrantFacts | null {
  if (call.kind !== 'refresh' || answer.kind !== 'ok') return null
  const isCurrent = answer.rule === 'current'
  return {
    token: call.token,
    isChange: !isCurrent && answer.rule !== 'late',
    isCurrent,
    value: String(answer.value),
    idleExpiresAtMs: Number(answer.idleExpiresAtMs),
  }
}

function endOf(calls: readonly RacedCall[], at: number): number {
  return calls[at]?.endNs ?? 0
}

/** The mark of an answer, as {@link stepModel} makes them. */
function markOf(call: RaceCall, answer: RaceAnswer): string {
  if (answer.kind === 'refused') {
    if (answer.code === 'token_theft') return 'theft'
    if (answer.code === 'session_ended') return `ended ${answer.reason}`
    return answer.code === 'session_not_found' ? 'not found' : `refused ${answer.code}`
  }
  switch (call.kind) {
    case 'refresh':
      return grantMark(answer.rule, answer.value, answer.idleExpiresAtMs)
    case 'confirm':
      return `confirmed ${answer.confirmed}`
    case 'claims':
      return 'claims'
    case 'revoke':
      return `revoked ${answer.revoked}`
  }
}

/** Tries to take all that is left, from a row on; leaves the order as it found it if it cannot. */
function explore(search: Search, from: Session): boolean {
  const length = search.order.length
  const row = absorb(search, from)
  if (search.order.length === search.calls.length) {
    if (keyOfRow(row) === keyOfRow(search.after)) return true
  } else if (canShowAll(search, row) && isNew(search, row)) {
    for (const { group, after } of changesFrom(search, row)) {
      if (take(search, group) && explore(search, after)) return true
      untake(search, search.order.length - 1)
    }
  }
  untake(search, length)
  return false
}

/**
 * Takes what can be taken at no risk: every call that changes nothing and whose answer fits; and,
 * when all who saw the present claims have been taken and others have to come, every replacement of
 * claims whose own viewers all fit the row as it then is. Gives the row after it.
 */
function absorb(search: Search, from: Session): Session {
  let row = from
  for (let length = -1; length < search.order.length; ) {
    length = search.order.length
    for (const group of search.groups) {
      if (group.left === 0) continue
      const { row: after, mark } = stepModel(row, group.call, search.tokens)
      if (mark !== group.mark) continue
      const isFree = after === row || (mark === 'claims' && isHarmless(search, row, after))
      while (isFree && group.left > 0 && take(search, group)) row = after
    }
  }
  return row
}

/** Whether replacing claims now takes nothing from those who saw the old or will see the new. */
function isHarmless(search: Search, row: Session, after: Session): boolean {
  const { groups, calls, tokens } = search
  const last = search.after.claims.value
  if (row.claims.value === last || after.claims.value === last) return false
  const latestStartNs = firstEndNs(search)
  return groups.every(({ left, grant, call, mark, members }) => {
    if (left === 0 || grant === null) return true
    if (grant.value === row.claims.value) return false
    if (grant.value !== after.claims.value) return true
    const step = stepModel(after, call, tokens)
    if (step.row !== after || step.mark !== mark) return false
    return members.every((at) => (calls[at]?.startNs ?? 0) <= latestStartNs)
  })
}

function isNew(search: Search, row: Session): boolean {
  const left = search.groups.map((group) => group.left).join()
  const key = `${keyOfRow(row)} ${left}`
  if (search.visited.has(key)) return false
  search.visited.add(key)
  if (search.visited.size > STATES_MAX) throw new Error('the search for an order was given up')
  return true
}

function keyOfRow(row: Session): string {
  const { curHash2, prevHash2, curMintedAtMs, confirmedAtMs, idleExpiresAtMs } = row
  const rotation = [curHash2, prevHash2, row.generation, curMintedAtMs, confirmedAtMs]
  return JSON.stringify([rotation, idleExpiresAtMs, row.claims, row.revokedAtMs, row.endReason])
}

/**
 * Whether every grant that is left and shows the row's claims can still come about: it fits the row
 * as it is, or a change that is left makes the row fit while it has these claims.
 */
function canShowAll({ groups, tokens }: Search, row: Session): boolean {
  // A report of use moves the row too, and shows nothing of it: whatever comes may come after it.
  if (groups.some(({ left, mark }) => left > 0 && mark === CONFIRMED)) return true
  const showing = groups.filter(({ left, grant }) => left > 0 && grant?.value === row.claims.value)
  return showing.every(({ call, mark, grant }) => {
    if (grant === null || grant.isChange || stepModel(row, call, tokens).mark === mark) return true
    return showing.some(
      ({ grant: change }) =>
        change?.isChange &&
        change.idleExpiresAtMs === grant.idleExpiresAtMs &&
        (change.token === grant.token || !grant.isCurrent),
    )
  })
}

/** The changes that could come next, those that ended first first. */
function changesFrom(search: Search, row: Session) {
  const left = search.groups.filter((group) => group.left > 0)
  const isSeen = left.some(({ grant }) => grant?.value === row.claims.value)
  const canEnd = !left.some(({ succeeds }) => succeeds)
  const replacements = left.filter(({ mark }) => mark === 'claims').length
  const changes: { readonly group: Alike; readonly after: Session; readonly endNs: number }[] = []
  for (const group of left) {
    const at = nextMember(search, group)
    if (at === undefined) continue
    const { row: after, mark } = stepModel(row, group.call, search.tokens)
    if (after === row || mark !== group.mark) continue
    if (after.revokedAtMs !== null && !canEnd) continue
    if (mark === 'claims') {
      // Claims never come back: these must have been seen by all who did, and the last come last.
      const isLast = after.claims.value === search.after.claims.value
      if (isSeen || (isLast && replacements > 1) || !canShowAll(search, after)) continue
    }
    changes.push({ group, after, endNs: endOf(search.calls, at) })
  }
  return changes.sort((a, b) => a.endNs - b.endNs)
}

/** A member that may come next: nothing that is left ended before it began. */
function nextMember(search: Search, group: Alike): number | undefined {
  const latestStartNs = firstEndNs(search)
  return group.members.find(
    (at) => !search.isTaken[at] && (search.calls[at]?.startNs ?? 0) <= latestStartNs,
  )
}

/** When the first of the calls that are left ended: no later call may come before it. */
function firstEndNs({ byEnd, isTaken, calls }: Search): number {
  return endOf(calls, byEnd.find((at) => !isTaken[at]) ?? -1)
}

function take(search: Search, group: Alike): boolean {
  const at = nextMember(search, group)
  const raced = at === undefined ? undefined : search.calls[at]
  if (at === undefined || raced === undefined) return false
  search.isTaken[at] = true
  group.left -= 1
  search.order.push({ raced, at, group })
  return true
}

/** Gives back what was taken last, down to a length of the order. */
function untake(search: Search, length: number): void {
  while (search.order.length > Math.max(length, 0)) {
    const last = search.order.pop()
    if (last === undefined) return
    search.isTaken[last.at] = false
    last.group.left += 1
  }
}
