import { flagKeys } from './commands/command-line.ts'
import { complain, print } from './commands/output.ts'
import { nearestName } from './config/nearest.ts'
import { configRow, flagOf } from './config/table.ts'

/** Lines of a help text: what is typed, and what it does. */
type HelpLines = readonly (readonly [typed: string, effect: string])[]

/** A family of commands; its module is loaded when it is called. */
interface CommandFamily {
  /** What is typed after `pawl`. */
  readonly usage: HelpLines
  /** Its options beside those of the configuration. */
  readonly options?: HelpLines
  /** Loads what runs the words after the family's name and resolves to the exit code. */
  readonly load: () => Promise<(args: readonly string[]) => Promise<number>>
}

const JSON_OPTION = ['--json', 'print JSON, for programs'] as const
const APP_OPTION = ['--app <name>', 'the app that it is about (default)'] as const
const TENANT_OPTION = ['--tenant <name>', 'the tenant that it is about (default)'] as const
const ENTRY_OPTIONS: HelpLines = [
  ["--settings '<JSON>'", 'put: all its settings; what is left out comes from above ({})'],
  ['--version <number>', 'put: replace that version only; 0 creates only'],
  ['--yes', 'remove: yes, all its sessions end'],
  JSON_OPTION,
]

/** THE COMMANDS, by the first word. */
const COMMANDS: { readonly [name: string]: CommandFamily } = {
  serve: {
    usage: [['serve', 'start the core service']],
    options: [['--print-config', 'print the configuration and where it comes from, and stop']],
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  secret: {
    usage: [
      ['secret generate', 'print a new master secret'],
      ['secret rotate', 'let a new secret seal; the older ones still open'],
      ['secret rewrap', 'seal the keys anew; older secrets may go later'],
    ],
    load: async () => (await import('./commands/secret.ts')).secretCommand,
  },
  keys: {
    usage: [
      ['keys list', 'list the signing keys'],
      ['keys rotate', 'turn the key now, published ahead as always'],
      ['keys revoke <kid>', 'take a key away in an emergency'],
    ],
    options: [APP_OPTION, JSON_OPTION],
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  migrate: {
    usage: [['migrate [--dry-run]', 'bring the schema up to date, or print the SQL for it']],
    options: [
      ['--dry-run', 'print what is left to run (on an empty one if it is away); touch nothing'],
    ],
    load: async () => (await import('./commands/migrate.ts')).migrateCommand,
  },
  move: {
    usage: [['move --from <store> --to <store>', 'move everything into an empty store']],
    options: [
      ['--from <store>', 'the store that is read; also PAWL_MOVE_FROM'],
      ['--to <store>', 'the store that is filled; also PAWL_MOVE_TO'],
    ],
    load: async () => (await import('./commands/move.ts')).moveCommand,
  },
  import: {
    usage: [['import supertokens', 'take over live sessions of a SuperTokens database']],
    options: [
      ['--from <url>', 'its PostgreSQL database, postgres://…; also PAWL_IMPORT_FROM'],
      ['--prefix <text>', 'what the names of its tables begin with (none)'],
      ['--finish', 'the last pass, once the SDKs were pointed here'],
    ],
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  apikey: {
    usage: [
      ['apikey create', 'store a new API key'],
      ['apikey list', 'list the stored API keys'],
      ['apikey revoke <id>', 'revoke a stored API key'],
      ['apikey generate', 'print a new API key and its hash; stores nothing'],
    ],
    options: [
      ['--name <text>', 'create: what it is for, for people'],
      ['--scopes <list>', 'create: of metrics, read, verify, write, admin (read,verify,write)'],
      ['--app <name>', 'create: the only app that it is good for (any)'],
      ['--expires <time>', 'create: 90d, or an ISO 8601 time (never)'],
      JSON_OPTION,
    ],
    load: async () => (await import('./commands/apikey.ts')).apikeyCommand,
  },
  sessions: {
    usage: [
      ['sessions list', 'list the live sessions of --user, in --tenant of --app'],
      ['sessions revoke <handle>', 'end a session'],
      ['sessions revoke --user <id>', "end a user's sessions, or those up to --before"],
      [
        'sessions revoke --tenant <name>',
        "end a tenant's sessions, or those up to --before: --yes",
      ],
    ],
    options: [
      ['--user <id>', 'whose sessions'],
      TENANT_OPTION,
      ['--before <time>', 'revoke: only what was created up to it (RFC 3339, with its offset)'],
      ['--yes', 'revoke: yes, of the whole tenant'],
      APP_OPTION,
      JSON_OPTION,
    ],
    load: async () => (await import('./commands/sessions.ts')).sessionsCommand,
  },
  user: {
    usage: [['user sessions <id>', "list a user's live sessions, or end them: --revoke"]],
    options: [['--revoke', 'end them all'], TENANT_OPTION, APP_OPTION, JSON_OPTION],
    load: async () => (await import('./commands/sessions.ts')).userCommand,
  },
  app: {
    usage: [
      ['app list', 'list the apps with their settings'],
      ['app put <name>', "create an app or replace its --settings '<JSON>'"],
      ['app remove <name>', 'remove an app and end its sessions: --yes'],
    ],
    options: ENTRY_OPTIONS,
    load: async () => (await import('./commands/app.ts')).appCommand,
  },
  tenant: {
    usage: [
      ['tenant list', 'list the tenants of --app'],
      ['tenant put <name>', "create a tenant or replace its --settings '<JSON>'"],
      ['tenant remove <name>', 'remove a tenant and end its sessions: --yes'],
    ],
    options: [APP_OPTION, ...ENTRY_OPTIONS],
    load: async () => (await import('./commands/app.ts')).tenantCommand,
  },
}

const HELP_WORDS: readonly (string | undefined)[] = [undefined, 'help', '--help', '-h']

/** Runs the command line; resolves to the exit code. A service runs until it is told to stop. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  const isHelp = HELP_WORDS.includes(first)
  const [name, ...words] = isHelp && rest[0] !== undefined ? rest : args
  if (isHelp && rest.length === 0) return print(helpText())
  if (name === undefined || name === '--version') {
    const { packageVersion } = await import('./version.ts')
    return print(`${packageVersion()}\n`)
  }
  const family = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (family === undefined) {
    const nearest = nearestName(name, Object.keys(COMMANDS))
    const hint = nearest === undefined ? '' : `did you mean pawl ${nearest}? `
    const typed = JSON.stringify([name, ...words].slice(0, 2).join(' '))
    return complain([`there is no command ${typed}: ${hint}see pawl --help`])
  }
  if (isHelp || words.includes('--help') || words.includes('-h')) return print(familyHelp(family))
  const run = await family.load()
  return run(words)
}

/** Lines in two columns, the second one where the longest of the first has ended. */
function columns(lines: HelpLines): string {
  const width = Math.max(...lines.map(([typed]) => typed.length)) + 2
  return lines.map(([typed, effect]) => `  ${typed.padEnd(width)}${effect}`.trimEnd()).join('\n')
}

function typedAfterPawl(usage: HelpLines): HelpLines {
  return usage.map(([typed, effect]) => [`pawl ${typed}`, effect])
}

function familyHelp({ usage, options = [] }: CommandFamily): string {
  const own = options.length === 0 ? '' : `\nOptions:\n\n${columns(options)}\n`
  return `${columns(typedAfterPawl(usage))}
${own}
The options of the configuration (--store, --data-dir, --config, …) are in pawl --help.
`
}

function helpText(): string {
  const usage: HelpLines = [
    ...Object.values(COMMANDS).flatMap((family) => family.usage),
    ['<command> --help', 'what a command takes'],
    ['--version', ''],
  ]
  const options = flagKeys().map((key): readonly [string, string] => {
    const { effect, default: value } = configRow(key)
    return [`--${flagOf(key)}`, `${effect} (${String(value) || 'none'})`]
  })
  return `pawl: session management

${columns(typedAfterPawl(usage))}

Options of the configuration, for every command that opens the store; each is also an environment
variable (--data-dir is PAWL_DATA_DIR) and a key of the file:

${columns([['--config <file>', 'A JSON file; also PAWL_CONFIG.'], ...options])}
`
}
