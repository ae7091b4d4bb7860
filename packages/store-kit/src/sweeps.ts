import { REVOKED_KEPT_MS, type Session, sweepableAtMs } from '@pawl/core'

/**
 * When the sweeper is to look at a new row, at the latest when it may go. A row that was revoked
 * goes a day after that, when no follower of the log asks for it any more.
 */
export function firstSweepMs(session: Session): number {
  const { revokedAtMs } = session
  const newsUntilMs = revokedAtMs === null ? Infinity : revokedAtMs + REVOKED_KEPT_MS
  return Math.min(sweepableAtMs(session), newsUntilMs)
}

/** How far one round of a sweep came. */
interface SweepRound {
  /** Rows that were looked at: fewer than asked for where no more are due. */
  readonly looked: number
  readonly gone: number
}

/**
 * Deletes up to `limit` in rounds of at most `roundMax` rows, so that no round holds its locks for
 * long. Ends with the first round that finds fewer than it was asked for. Returns how many are
 * gone.
 */
export async function sweepInRounds(
  limit: number,
  roundMax: number,
  sweep: (asked: number) => Promise<SweepRound>,
): Promise<number> {
  let gone = 0
  while (gone < limit) {
    const asked = Math.min(limit - gone, roundMax)
    const round = await sweep(asked)
    gone += round.gone
    if (round.looked < asked) break
  }
  return gone
}
