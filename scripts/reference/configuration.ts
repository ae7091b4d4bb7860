import {
  CONFIG_KEYS,
  type ConfigKey,
  configRow,
  flagOf,
} from '../../packages/server/src/config/table.ts'
import { code, table } from './markdown.ts'

/** The settings of the service, from its configuration table. */
export function configurationReference(): string {
  return `Every setting of \`pawl serve\`. Each can be a key of the JSON file that \`--config\` or
\`PAWL_CONFIG\` names, an environment variable, or a flag; the last of these that has it wins. A
secret has no flag, and is also read from the file that \`<variable>_FILE\` names. All faults are
reported at once; \`pawl serve --print-config\` prints what holds and where it comes from.

${CONFIG_KEYS.map(describe).join('\n\n')}
`
}

function describe(key: ConfigKey): string {
  const row = configRow(key)
  const rows = [
    ['Environment', code(row.env)],
    ...(row.isSecret === true ? [] : [['Flag', code(`--${flagOf(key)}`)]]),
    ['Type', typeOf(key)],
    ['Default', defaultOf(key)],
  ]
  return `## ${key}\n\n${row.effect} ${row.advice}\n\n${table(['', ''], rows)}`
}

function typeOf(key: ConfigKey): string {
  const { type, range, choices, unit, isSecret } = configRow(key)
  const bounds = range === undefined ? '' : ` from ${range[0]} to ${range[1]}`
  const measure = unit === undefined ? '' : ` (${unit})`
  const one = choices === undefined ? '' : `: ${choices.map(code).join(', ')}`
  return `${type}${bounds}${measure}${one}${isSecret === true ? ', secret' : ''}`
}

function defaultOf(key: ConfigKey): string {
  const text = String(configRow(key).default)
  return text === '' ? 'none' : code(text)
}
