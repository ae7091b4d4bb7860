import type { Count, RouteCounts } from './meter.ts'
import { METRICS, type MetricKey, type MetricRow, SECONDS_BOUNDS } from './metric-table.ts'

/** A value with what it is labelled by, in the order of the row's labels. */
export interface Sample {
  readonly labels: readonly string[]
  readonly value: number
}

/** Samples by row; rows without any are left out of the text. */
export type Samples = { readonly [K in Exclude<MetricKey, 'requestSeconds'>]: readonly Sample[] }

/** The text format of Prometheus, version 0.0.4: rows in the order of the table. */
export function writeMetrics(samples: Samples, routes: ReadonlyMap<string, RouteCounts>): string {
  const lines: string[] = []
  for (const key of Object.keys(METRICS) as MetricKey[]) {
    const row: MetricRow = METRICS[key]
    const own =
      key === 'requestSeconds'
        ? [...routes].flatMap(([route, counts]) => histogramLines(row, route, counts))
        : samples[key].map(({ labels, value }) => line(row.name, named(row, labels), value))
    if (own.length === 0) continue
    lines.push(`# HELP ${row.name} ${row.help}`, `# TYPE ${row.name} ${row.type}`, ...own)
  }
  return `${lines.join('\n')}\n`
}

/** The samples of counts by one label. */
export function samplesOf(counts: ReadonlyMap<string | number, Count>): readonly Sample[] {
  return [...counts].map(([value, { total }]) => ({ labels: [String(value)], value: total }))
}

function named(row: MetricRow, values: readonly string[]): readonly (readonly [string, string])[] {
  return row.labels.map((name, index) => [name, values[index] ?? ''])
}

function histogramLines(
  row: MetricRow,
  route: string,
  { buckets, seconds }: RouteCounts,
): readonly string[] {
  const labels = named(row, [route])
  let total = 0
  const cumulated = buckets.map((count, index) => {
    total += count
    const bound = SECONDS_BOUNDS[index]
    const le = bound === undefined ? '+Inf' : String(bound)
    return line(`${row.name}_bucket`, [...labels, ['le', le]], total)
  })
  if (total === 0) return []
  return [
    ...cumulated,
    line(`${row.name}_sum`, labels, seconds),
    line(`${row.name}_count`, labels, total),
  ]
}

function line(name: string, labels: readonly (readonly [string, string])[], value: number): string {
  const pairs = labels.map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
