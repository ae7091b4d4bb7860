import type { Row, State } from './state.ts'
import type { Turn } from './turn.ts'

/** What a store that can go back in time can do next: keep the row as it is, or return to it. */
export function storeMoves({ state, sink }: Turn): void {
  const { row, backup } = state
  if (backup !== null && isSameRow(row, backup)) return
  sink.go({ ...state, backup: row }, (narrator) => {
    return `The store's row is backed up, with ${narrator.token(row.cur, row.generation)} current`
  })
  if (backup === null) return
  sink.go({ ...state, row: backup }, (narrator) => {
    const name = narrator.token(backup.cur, backup.generation)
    return `The store falls back: ${name} is current again`
  })
}

/**
 * Drops a back-up that a convergence made worthless: the rule promises nothing to a store that
 * loses one (a known limit).
 */
export function withoutLostConvergence(state: State, rule: string): State {
  const { backup, row } = state
  const wouldLose = rule === 'converge' && backup !== null && backup.generation >= row.generation
  return wouldLose ? { ...state, backup: null } : state
}

function isSameRow(a: Row, b: Row): boolean {
  return a.cur === b.cur && a.prev === b.prev && a.confirmedAt === b.confirmedAt
}
