import type { Line } from '../figure.ts'
import { median, quantile } from '../statistics.ts'
import type { HttpLoad } from './http-load.ts'

const ROUNDS = 5
const ROUND_MS = 3_000

/** How much slower the slowest hundredth is than the middle, at half of what the core can do. */
export async function tailLine(load: HttpLoad): Promise<Line> {
  const peak = await load.refresh(64, ROUND_MS)
  const rounds: { readonly p50: number; readonly p99: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const tookMs = await load.pacedRefresh(peak / 2, ROUND_MS)
    rounds.push({ p50: median(tookMs), p99: quantile(tookMs, 0.99) })
  }
  const p50 = median(rounds.map((round) => round.p50))
  const p99 = median(rounds.map((round) => round.p99))
  return {
    what: `refresh at half of peak load (${Math.round(peak / 2)}/s, evenly paced): p99 ÷ p50`,
    unit: '×',
    ours: median(rounds.map((round) => round.p99 / round.p50)),
    reference: null,
    beside: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    goal: { kind: 'atMost', target: 6, moonshot: 3 },
  }
}
