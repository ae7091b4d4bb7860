import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Figure, Line } from './figure.ts'

/** What the numbers depend on beside the code. */
export function conditions(): string {
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')
  const cpu = cpus()[0]?.model.trim() ?? 'unknown'
  return `Node ${process.version} · ${availableParallelism()} cores, ${cpu} · load ${load}`
}

/** A figure as text, and whether every target of it was reached. */
export function reportOf(
  figure: Figure,
  lines: readonly Line[],
): { readonly text: string; readonly reached: boolean } {
  const verdicts = lines.map(judge)
  const text = lines.map((line, index) => describe(line, verdicts[index] ?? 'plain'))
  return {
    text: `${figure.name}  ${figure.title}\n${text.join('')}`,
    reached: !verdicts.includes('missed'),
  }
}

type Verdict = 'plain' | 'missed' | 'target' | 'moonshot'

const MARKS = {
  plain: ' ',
  missed: '✖',
  target: '✔',
  moonshot: '★',
} as const satisfies { readonly [V in Verdict]: string }

function judge({ goal, ours, reference }: Line): Verdict {
  if (goal === undefined) return 'plain'
  if (goal.kind === 'atMost') {
    if (ours <= goal.moonshot) return 'moonshot'
    return ours <= goal.target ? 'target' : 'missed'
  }
  const ratio = ours / (reference?.value ?? Number.NaN)
  if (ratio >= goal.moonshot) return 'moonshot'
  return ratio >= goal.target ? 'target' : 'missed'
}

function describe(line: Line, verdict: Verdict): string {
  const { what, unit, ours, reference, spread, beside, goal, bound } = line
  const parts = [`${format(ours)} ${unit}`]
  if (reference !== null) {
    parts.push(`${reference.what} ${format(reference.value)} ${unit}`)
    parts.push(`ratio ${(ours / reference.value).toFixed(2)}`)
  }
  if (spread !== undefined) parts.push(`A/A ${spread[0].toFixed(2)}–${spread[1].toFixed(2)}`)
  if (beside !== undefined) parts.push(beside)
  if (bound !== undefined) {
    parts.push(`${bound.what} alone: ratio ${bound.ratio.toFixed(2)}`)
    if (goal !== undefined && bound.ratio < goal.target)
      parts.push('no code reaches the target here')
  }
  if (goal !== undefined) {
    const sign = goal.kind === 'atLeast' ? '≥' : '≤'
    parts.push(`target ${sign} ${goal.target}, moonshot ${sign} ${goal.moonshot}`)
  }
  return `  ${MARKS[verdict]} ${what}\n      ${parts.join(' · ')}\n`
}

function format(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}
