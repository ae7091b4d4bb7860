import { parseArgs } from 'node:util'
import { nearestName } from '../config/nearest.ts'
import { CONFIG_KEYS, type ConfigKey, configRow, flagOf } from '../config/table.ts'

/** The options of one command beside those of the configuration. */
export type OwnOptions = { readonly [name: string]: 'text' | 'flag' }

/** A command line, taken apart. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** Values of the command's own options; a flag that is given is `true`. */
  readonly options: { readonly [name: string]: string | true | undefined }
  /** Keys of the configuration that are given as flags, and `config`, the path of a file. */
  readonly config: { readonly [key: string]: string | undefined }
  /** Everything that is wrong with it. */
  readonly faults: readonly string[]
}

/** Options of one letter do not exist: a handle or an id may begin with a dash. */
const HANDLE_LIKE = /^-[^-]/
/** Marks a word that only looks like an option; no argument can hold this character. */
const WORD = '\u0000'

function plain(text: string): string {
  return text.startsWith(WORD) ? text.slice(WORD.length) : text
}

/** Secrets have no flag: the arguments of a process are seen by all others. */
export function flagKeys(): readonly ConfigKey[] {
  return CONFIG_KEYS.filter((key) => configRow(key).isSecret !== true)
}

/**
 * Takes a command line apart: the command's own options, those of the configuration, and what is
 * neither. An option nobody knows is a fault that names the nearest one.
 */
export function parseCommandLine(args: readonly string[], own: OwnOptions = {}): CommandLine {
  const text = { type: 'string' } as const
  const configKeys = new Map(flagKeys().map((key): [string, string] => [flagOf(key), key]))
  configKeys.set('config', 'config')
  const known = [...Object.keys(own), ...configKeys.keys()]
  const isFlag = (name: string): boolean => own[name] === 'flag'
  const { tokens } = parseArgs({
    args: args.map((arg) => (HANDLE_LIKE.test(arg) ? WORD + arg : arg)),
    options: Object.fromEntries(
      known.map((name) => [name, isFlag(name) ? ({ type: 'boolean' } as const) : text]),
    ),
    strict: false,
    tokens: true,
  })
  const faults: string[] = []
  const positionals: string[] = []
  const options: Record<string, string | true> = {}
  const config: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(plain(token.value))
    if (token.kind !== 'option') continue
    const { name } = token
    const value = token.value === undefined ? undefined : plain(token.value)
    const key = configKeys.get(name)
    if (isFlag(name)) options[name] = true
    else if (!known.includes(name)) {
      const nearest = nearestName(name, known)
      const hint = nearest === undefined ? '' : `: did you mean --${nearest}?`
      faults.push(`--${name} is not an option${hint}`)
    } else if (value === undefined) faults.push(`--${name} needs a value`)
    else if (Object.hasOwn(own, name)) options[name] = value
    else if (key !== undefined) config[key] = value
  }
  return { positionals, options, config, faults }
}
