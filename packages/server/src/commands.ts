import { parseArgs } from 'node:util'
import { nearestName } from './config/nearest.ts'
import { CONFIG_KEYS, type ConfigKey, configRow, flagOf } from './config/table.ts'

const HELP = `pawl: session management

  pawl serve              start the core service
  pawl secret generate    print a new master secret
  pawl apikey generate    print a new API key and its hash
  pawl --version
  pawl --help

Options of serve (each is also an environment variable and a key of the file):

  --config <file>         a JSON file; also PAWL_CONFIG
  --print-config          print the configuration and where it comes from, and stop
`

/** Exit code of a command line or a configuration that does not hold. */
const USAGE_EXIT = 2

/** Runs the command line; resolves to the exit code. A service runs until it is told to stop. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const words = args.slice(0, 2).join(' ')
  if (args.length === 0 || args[0] === '--help' || args[0] === '-h') return print(helpText())
  if (args[0] === '--version') {
    const { packageVersion } = await import('./version.ts')
    return print(`${packageVersion()}\n`)
  }
  if (args[0] === 'serve') return serve(args.slice(1))
  if (args.length === 2 && words === 'secret generate') {
    const { generateSecret } = await import('@pawl/embedded')
    return print(`${generateSecret()}\n`)
  }
  if (args.length === 2 && words === 'apikey generate') {
    const { generateApiKey } = await import('./http/api-keys.ts')
    const { key, keyHash } = generateApiKey()
    return print(`key:  ${key}\nhash: ${keyHash}\n`)
  }
  return complain([`there is no command ${JSON.stringify(words)}: see pawl --help`])
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function complain(faults: readonly string[]): number {
  process.stderr.write(faults.map((fault) => `pawl: ${fault}\n`).join(''))
  return USAGE_EXIT
}

function helpText(): string {
  const rows = flagKeys().map((key) => {
    const { effect, default: value } = configRow(key)
    return `  --${flagOf(key).padEnd(24)}${effect} (${value === '' ? 'none' : String(value) || 'none'})\n`
  })
  return HELP + rows.join('')
}

/** Secrets have no flag: the arguments of a process are seen by all others. */
function flagKeys(): readonly ConfigKey[] {
  return CONFIG_KEYS.filter((key) => configRow(key).isSecret !== true)
}

async function serve(args: readonly string[]): Promise<number> {
  const { values, printsConfig, faults } = parseFlags(args)
  const { loadConfig } = await import('./config/load-config.ts')
  const file = values.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: values })
  if (loaded.kind === 'faults') return complain([...faults, ...loaded.faults])
  if (faults.length > 0) return complain(faults)
  for (const warning of loaded.warnings) process.stderr.write(`pawl: ${warning}\n`)
  if (printsConfig) {
    const { printConfig } = await import('./config/print-config.ts')
    return print(printConfig(loaded.config, loaded.origins))
  }
  const { startServer } = await import('./start-server.ts')
  try {
    const server = await startServer(loaded.config)
    return await untilStopped(server.close)
  } catch (error) {
    const hasSentence = error instanceof Error && error.message !== ''
    complain([hasSentence ? error.message : String(error)])
    return 1
  }
}

interface Flags {
  readonly values: { readonly [key: string]: string | undefined }
  readonly printsConfig: boolean
  readonly faults: readonly string[]
}

function parseFlags(args: readonly string[]): Flags {
  const text = { type: 'string' } as const
  const options = Object.fromEntries(flagKeys().map((key) => [flagOf(key), text]))
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, config: text, 'print-config': { type: 'boolean' } },
    strict: false,
    tokens: true,
  })
  const known = new Map(flagKeys().map((key): [string, string] => [flagOf(key), key]))
  known.set('config', 'config')
  const faults: string[] = []
  const values: Record<string, string> = {}
  let printsConfig = false
  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`${JSON.stringify(token.value)} is not an option`)
    if (token.kind !== 'option') continue
    const key = known.get(token.name)
    if (token.name === 'print-config') printsConfig = true
    else if (key === undefined) {
      const nearest = nearestName(token.name, [...known.keys()])
      const hint = nearest === undefined ? '' : `: did you mean --${nearest}?`
      faults.push(`--${token.name} is not an option${hint}`)
    } else if (token.value === undefined) faults.push(`--${token.name} needs a value`)
    else values[key] = token.value
  }
  return { values, printsConfig, faults }
}

/** Waits for the first signal, then for the stop; a second signal ends the process at once. */
async function untilStopped(close: () => Promise<void>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1
      if (signals > 1) process.exit(1)
      resolve()
    })
  }
  await promise
  await close()
  return 0
}
