import { configurationReference } from './configuration.ts'
import { errorsReference } from './errors.ts'
import { httpApiReference } from './http-api.ts'
import { metricsReference } from './metrics.ts'

/** Said in every generated page, so that nobody edits it. */
const notice = '<!-- Generated from the tables in the code by: npm run reference -->'

/** The generated pages: file -> text. */
export function referencePages(): Readonly<Record<string, string>> {
  const page = (title: string, text: string) => `# ${title}\n\n${notice}\n\n${text}`
  return {
    'docs/reference/configuration.md': page('Configuration', configurationReference()),
    'docs/reference/errors.md': page('Errors', errorsReference()),
    'docs/reference/http-api.md': page('The HTTP API of the core', httpApiReference()),
    'docs/reference/metrics.md': page('Metrics', metricsReference()),
  }
}
