import { METRICS, type MetricRow } from '../../packages/server/src/metrics/metric-table.ts'
import { code, table } from './markdown.ts'

/** What `GET /metrics` of the core tells, from the table of metrics. */
export function metricsReference(): string {
  const rows = Object.values(METRICS).map(({ name, type, labels, help }: MetricRow) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ])
  return `\`GET /metrics\` of the core service, in the text format of Prometheus. It asks for an
API key with the scope \`metrics\` (or \`read\`) that is not bound to an app. The guide says
[what to alarm on](../guide/operations.md#metrics).

${table(['Name', 'Type', 'Labels', 'What'], rows)}
`
}
