import { median } from '../statistics.ts'
import { openSubject, type RemoteSubject } from './open-subject.ts'
import type { Burst } from './subject.ts'

/** What one subject did, by round. */
export interface Pace {
  /** Operations a second of wall time. */
  readonly perSecond: readonly number[]
  /** Operations a second of CPU time: neighbours move it far less. */
  readonly perCpuSecond: readonly number[]
}

/** Each subject first works for so long, off the record: its code is compiled by then. */
const WARM_UP_MS = 600

/** How long, and how often, each subject works. */
export interface Rounds {
  readonly rounds: number
  readonly burstMs: number
}

/**
 * Opens subjects (label -> module and variant), lets them take turns, each in a process of its own
 * while the others stand still, and closes them. The order turns each round.
 */
export async function measureSubjects<Label extends string>(
  wanted: Readonly<Record<Label, readonly [module: string, variant?: string]>>,
  { rounds, burstMs }: Rounds,
): Promise<Record<Label, Pace>> {
  const labels = Object.keys(wanted) as Label[]
  const open = new Map<Label, RemoteSubject>()
  const bursts = new Map<Label, Burst[]>(labels.map((label) => [label, []]))
  try {
    for (const label of labels) {
      const [module, variant] = wanted[label]
      const subject = await openSubject(module, variant)
      open.set(label, subject)
      await subject.burst(WARM_UP_MS)
    }
    for (let round = 0; round < rounds; round++) {
      const turn = round % labels.length
      for (const label of [...labels.slice(turn), ...labels.slice(0, turn)]) {
        const burst = await open.get(label)?.burst(burstMs)
        if (burst !== undefined) bursts.get(label)?.push(burst)
      }
    }
  } finally {
    await Promise.all([...open.values()].map((subject) => subject.close()))
  }
  const paces = labels.map((label) => [label, paceOf(bursts.get(label) ?? [])])
  return Object.fromEntries(paces) as Record<Label, Pace>
}

/** The median of the ratios of each round: neighbours' noise falls on both of a pair. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
}

function paceOf(bursts: readonly Burst[]): Pace {
  return {
    perSecond: bursts.map(({ operations, wallMs }) => (operations / wallMs) * 1000),
    perCpuSecond: bursts.map(({ operations, cpuMs }) => (operations / cpuMs) * 1000),
  }
}
