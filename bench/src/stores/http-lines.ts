import type { Line } from '../figure.ts'
import { interleave, type Subject } from '../interleave.ts'
import { boundOf } from '../service/bare-load.ts'
import type { HttpLoad } from './http-load.ts'
import { tailLine } from './tail-latency.ts'

const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const ROUND_MS = 1000

/** Refreshes over HTTP beside the engine's own loop, and how long the slowest of them take. */
export async function httpLines(
  load: HttpLoad,
  reference: { readonly what: string; readonly run: Subject },
): Promise<readonly Line[]> {
  const measured = await interleave(ROUNDS, {
    ours: () => load.refresh(64, ROUND_MS),
    reference: reference.run,
  })
  return [
    {
      what: 'refresh, 64 at a time',
      unit: '/s',
      ours: measured.ratio * measured.reference,
      reference: { what: reference.what, value: measured.reference },
      spread: measured.spread,
      bound: await boundOf(64, reference.run),
      goal: { kind: 'atLeast', target: 0.4, moonshot: 0.7 },
    },
    await tailLine(load),
  ]
}
