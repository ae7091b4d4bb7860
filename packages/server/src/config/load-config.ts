import { readFileSync } from 'node:fs'
import { faultsOfConfig } from './check-config.ts'
import { nearestName } from './nearest.ts'
import { parseValue } from './parse-value.ts'
import { CONFIG, CONFIG_KEYS, type ConfigKey, configRow, type ServerConfig } from './table.ts'

/** Where values come from; the last one that has a key wins. */
export interface ConfigSources {
  /** Path of a JSON file with keys of the table, grouped or not. */
  readonly file?: string | undefined
  readonly env: { readonly [name: string]: string | undefined }
  /** Command line flags, by key. */
  readonly flags?: { readonly [key: string]: string | undefined }
}

/** A configuration that holds, or everything that is wrong with it. */
export type LoadedConfig =
  | {
      readonly kind: 'config'
      readonly config: ServerConfig
      /** Where each value came from: `default`, `file`, `PAWL_…` or `--…`. */
      readonly origins: { readonly [K in ConfigKey]: string }
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }

type Found = { readonly raw: unknown; readonly origin: string }

const FILE_SUFFIX = '_FILE'
/** Variables of ours that are not keys of the table. */
const OTHER_VARIABLES: readonly string[] = [
  'PAWL_CONFIG',
  'PAWL_MOVE_FROM',
  'PAWL_MOVE_TO',
  'PAWL_IMPORT_FROM',
]

/**
 * Loads the configuration: defaults, then the file, then the environment, then flags. Reports all
 * faults at once, an unknown key with the nearest known one.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const faults: string[] = []
  const warnings: string[] = []
  const found = new Map<ConfigKey, Found>()
  readFileValues(sources.file, found, faults)
  readEnvironment(sources.env, found, { faults, warnings })
  for (const key of CONFIG_KEYS) {
    const raw = sources.flags?.[key]
    if (raw !== undefined) found.set(key, { raw, origin: `--${key}` })
  }
  const values: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  for (const key of CONFIG_KEYS) {
    const { raw, origin } = found.get(key) ?? { raw: CONFIG[key].default, origin: 'default' }
    const parsed = parseValue(configRow(key), raw)
    if (parsed.kind === 'fault') faults.push(`${key} (${origin}) ${parsed.fault}`)
    values[key] = parsed.kind === 'fault' ? CONFIG[key].default : parsed.value
    origins[key] = origin
  }
  const config = values as unknown as ServerConfig
  faults.push(...faultsOfConfig(config))
  if (faults.length > 0) return { kind: 'faults', faults }
  return { kind: 'config', config, origins: origins as { [K in ConfigKey]: string }, warnings }
}

function readFileValues(
  file: string | undefined,
  found: Map<ConfigKey, Found>,
  faults: string[],
): void {
  if (file === undefined) return
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    faults.push(`the configuration file cannot be read: ${(error as Error).message}`)
    return
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    faults.push('the configuration file must hold a JSON object')
    return
  }
  for (const [key, raw] of Object.entries(content).flatMap(ungroup)) {
    if (Object.hasOwn(CONFIG, key)) found.set(key as ConfigKey, { raw, origin: 'file' })
    else faults.push(`${key} (file) is not a known key${hint(nearestName(key, CONFIG_KEYS))}`)
  }
}

/** `{"compat": {"enabled": …}}` and `{"compat.enabled": …}` both say `compatEnabled`. */
function ungroup([name, raw]: readonly [string, unknown]): readonly (readonly [string, unknown])[] {
  if (Object.hasOwn(CONFIG, name)) return [[name, raw]]
  const key = name.replaceAll(/\.(.)/g, (_, first: string) => first.toUpperCase())
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [[key, raw]]
  return Object.entries(raw).flatMap(([inner, value]) => ungroup([`${name}.${inner}`, value]))
}

function readEnvironment(
  env: ConfigSources['env'],
  found: Map<ConfigKey, Found>,
  report: { readonly faults: string[]; readonly warnings: string[] },
): void {
  const known = new Set(OTHER_VARIABLES)
  for (const key of CONFIG_KEYS) {
    const { env: name, isSecret } = configRow(key)
    known.add(name)
    if (env[name] !== undefined) found.set(key, { raw: env[name], origin: name })
    const fileName = `${name}${FILE_SUFFIX}`
    if (isSecret !== true) continue
    known.add(fileName)
    const path = env[fileName]
    if (path === undefined) continue
    if (env[name] !== undefined) report.faults.push(`set ${name} or ${fileName}, not both`)
    try {
      found.set(key, { raw: readFileSync(path, 'utf8'), origin: fileName })
    } catch (error) {
      report.faults.push(`${fileName} cannot be read: ${(error as Error).message}`)
    }
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PAWL_') || known.has(name)) continue
    const nearest = nearestName(name, [...known])
    // Others may share the prefix; only what looks like a slip of ours stops the start.
    if (nearest === undefined) report.warnings.push(`${name} is not a variable of this service`)
    else report.faults.push(`${name} is not a known variable${hint(nearest)}`)
  }
}

function hint(nearest: string | undefined): string {
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}
