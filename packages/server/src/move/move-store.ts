import type { EpochMs } from '@pawl/core'
import { checkStores } from './check-stores.ts'
import { type Comparison, compareStores, endVanished } from './compare-stores.ts'
import {
  copyCutOffs,
  copyLog,
  copyRecords,
  copySessions,
  type MoveEnds,
  type MoveProgress,
} from './copy-content.ts'
import { type MoveState, writeMove } from './move-state.ts'
import { patientStore } from './patient-store.ts'
import { pagesOf } from './walk-all.ts'

/** What became of a move. */
export type MoveOutcome =
  | { readonly kind: 'refused'; readonly sentence: string }
  /** Both stores hold the same: cores may start on the target. */
  | { readonly kind: 'complete'; readonly comparison: Comparison }
  /** Everything was copied, but the source changed meanwhile: a pass without cores is due. */
  | { readonly kind: 'behind'; readonly comparison: Comparison }

/** What a move needs beside its stores. */
export interface MoveOptions extends MoveEnds {
  /** What the source is called, without a password: a move goes on only from the same source. */
  readonly from: string
  readonly nowMs: () => EpochMs
  readonly onProgress: MoveProgress
}

/** Passes of one run: a second one catches what changed before a resumed position. */
const PASSES_MAX = 2

/**
 * Moves everything that one store holds into another, and verifies it. The source is only read. A
 * run that was cut off goes on where it stopped: the target keeps how far it came. Everything may
 * be done again, as often as one likes, until a core starts on the target. Throws a `StoreError`.
 */
export async function moveStore(options: MoveOptions): Promise<MoveOutcome> {
  const check = await checkStores(options.source, options.target, options.from)
  if (check.kind === 'refused') return check
  // Only now: what is wrong with a URL is to be told at once.
  const [source, target] = [patientStore(options.source), patientStore(options.target)]
  return movePasses({ ...options, source, target }, check.state)
}

async function movePasses(options: MoveOptions, start: MoveState): Promise<MoveOutcome> {
  const { target, onProgress } = options
  const isGoingOn = start.sessionsAfter !== null
  if (isGoingOn) onProgress('sessions copied before', start.sessionsCopied, null)
  let state: MoveState = { ...start, isComplete: false }
  await writeMove(target, state)
  for (let pass = 1; ; pass += 1) {
    if (state.sessionsAfter === null) {
      // How many there were the last time is near enough.
      const sessionsTotal = state.sessionsCopied || (await countSessions(options))
      state = { ...state, sessionsCopied: 0, sessionsTotal }
    }
    state = await copyEverything(options, state)
    const comparison = await verify(options)
    if (comparison.isEqual) {
      await writeMove(target, { ...state, isComplete: true })
      return { kind: 'complete', comparison }
    }
    const startedAtTop = pass > 1 || !isGoingOn
    if (pass >= PASSES_MAX || startedAtTop) return { kind: 'behind', comparison }
  }
}

async function countSessions({ source, onProgress }: MoveOptions): Promise<number> {
  let count = 0
  for await (const { items } of pagesOf(source.walkSessions)) {
    count += items.length
    onProgress('sessions counted', count, null)
  }
  return count
}

/** Cut-offs go first: a session must never be there without what ends it. */
async function copyEverything(options: MoveOptions, start: MoveState): Promise<MoveState> {
  const { target, onProgress } = options
  onProgress('records copied', await copyRecords(options), null)
  onProgress('cut-offs copied', await copyCutOffs(options), null)
  const state = await copySessions(options, start, onProgress)
  const { logAfter, count } = await copyLog(options, state.logAfter)
  onProgress('revocations copied', count, null)
  const copied = { ...state, logAfter }
  await writeMove(target, copied)
  return copied
}

/** Compares; ends what vanished from the source, and then compares again. */
async function verify(options: MoveOptions): Promise<Comparison> {
  const { nowMs, onProgress } = options
  const comparison = await compareStores(options, nowMs(), onProgress)
  if (comparison.isEqual) return comparison
  const ended = await endVanished(options, comparison.heaps, nowMs())
  if (ended === 0) return comparison
  onProgress('sessions ended that the source has no more', ended, null)
  return compareStores(options, nowMs(), onProgress)
}
