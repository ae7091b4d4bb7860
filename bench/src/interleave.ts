import { median, quantile } from './statistics.ts'

/** What is measured once a round; resolves to the figure of that round. */
export type Subject = () => Promise<number>

/** Medians of interleaved rounds. */
export interface Interleaved {
  readonly ours: number
  readonly reference: number
  /** Median of the ratios of each round: neighbours' noise falls on both of a pair. */
  readonly ratio: number
  /** The reference against itself, quartiles of the ratios. */
  readonly spread: readonly [number, number]
}

/**
 * Measures ours between two runs of the reference, `rounds` times, after one round that does not
 * count. The order turns each round, so that nobody always comes first.
 */
export async function interleave(
  rounds: number,
  subjects: { readonly ours: Subject; readonly reference: Subject },
): Promise<Interleaved> {
  const ours: number[] = []
  const before: number[] = []
  const after: number[] = []
  for (let round = -1; round < rounds; round++) {
    const first = await subjects.reference()
    const own = await subjects.ours()
    const last = await subjects.reference()
    if (round < 0) continue
    ours.push(own)
    const [a, b] = round % 2 === 0 ? [first, last] : [last, first]
    before.push(a)
    after.push(b)
  }
  const ratios = ours.map((own, round) => own / (((before[round] ?? 0) + (after[round] ?? 0)) / 2))
  const noise = before.map((a, round) => a / (after[round] ?? 0))
  return {
    ours: median(ours),
    reference: median([...before, ...after]),
    ratio: median(ratios),
    spread: [quantile(noise, 0.25), quantile(noise, 0.75)],
  }
}

/** Runs `inFlight` loops of `one` for a time; resolves to operations a second. */
export async function throughput(
  durationMs: number,
  inFlight: number,
  one: () => Promise<void>,
): Promise<number> {
  const startedMs = performance.now()
  let count = 0
  async function loop(): Promise<void> {
    while (performance.now() - startedMs < durationMs) {
      await one()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return (count / (performance.now() - startedMs)) * 1000
}
