import type { Session } from '@pawl/core'

/** What a race can change of a row, as text. */
export function rowOf(session: Session): string {
  const { generation, curHash2, prevHash2, confirmedAtMs, endReason } = session
  return [generation, curHash2, prevHash2, confirmedAtMs, endReason ?? 'live'].join('/')
}
