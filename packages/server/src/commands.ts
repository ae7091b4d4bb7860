import { flagKeys } from './commands/command-line.ts'
import { complain, print } from './commands/output.ts'
import { configRow, flagOf } from './config/table.ts'

/** A family of commands; its module is loaded when it is called. */
interface CommandFamily {
  /** Lines of the help: what is typed after `pawl`, and what it does. */
  readonly usage: readonly (readonly [typed: string, effect: string])[]
  /** Loads what runs the words after the family's name and resolves to the exit code. */
  readonly load: () => Promise<(args: readonly string[]) => Promise<number>>
}

/** THE COMMANDS, by the first word. */
const COMMANDS: { readonly [name: string]: CommandFamily } = {
  serve: {
    usage: [['serve', 'start the core service']],
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
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  migrate: {
    usage: [['migrate [--dry-run]', 'bring the schema up to date, or print the SQL']],
    load: async () => (await import('./commands/migrate.ts')).migrateCommand,
  },
  move: {
    usage: [['move --from <store> --to <store>', 'move everything into an empty store']],
    load: async () => (await import('./commands/move.ts')).moveCommand,
  },
  import: {
    usage: [
      ['import supertokens --from <url>', 'take over live sessions of a SuperTokens database'],
      ['… --finish', 'the last pass, once the SDKs were pointed here'],
    ],
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  apikey: {
    usage: [
      ['apikey create', 'store a new API key: --name, --scopes, --app, --expires'],
      ['apikey list', 'list the stored API keys'],
      ['apikey revoke <id>', 'revoke a stored API key'],
      ['apikey generate', 'print a new API key and its hash; stores nothing'],
    ],
    load: async () => (await import('./commands/apikey.ts')).apikeyCommand,
  },
  sessions: {
    usage: [
      ['sessions list', 'list the live sessions of --user, in --tenant of --app'],
      ['sessions revoke <handle>', 'end a session'],
    ],
    load: async () => (await import('./commands/sessions.ts')).sessionsCommand,
  },
  user: {
    usage: [['user sessions <id>', "list a user's live sessions, or end them: --revoke"]],
    load: async () => (await import('./commands/sessions.ts')).userCommand,
  },
  app: {
    usage: [
      ['app list', 'list the apps with their settings'],
      ['app put <name>', "create an app or replace its --settings '<JSON>'"],
      ['app remove <name>', 'remove an app and end its sessions: --yes'],
    ],
    load: async () => (await import('./commands/app.ts')).appCommand,
  },
  tenant: {
    usage: [
      ['tenant list', 'list the tenants of --app'],
      ['tenant put <name>', "create a tenant or replace its --settings '<JSON>'"],
      ['tenant remove <name>', 'remove a tenant and end its sessions: --yes'],
    ],
    load: async () => (await import('./commands/app.ts')).tenantCommand,
  },
}

const COLUMN = 26

/** Runs the command line; resolves to the exit code. A service runs until it is told to stop. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h') return print(helpText())
  if (name === '--version') {
    const { packageVersion } = await import('./version.ts')
    return print(`${packageVersion()}\n`)
  }
  const family = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (family === undefined) {
    const words = JSON.stringify(args.slice(0, 2).join(' '))
    return complain([`there is no command ${words}: see pawl --help`])
  }
  const run = await family.load()
  return run(rest)
}

function helpText(): string {
  const usage = Object.values(COMMANDS).flatMap((family) => family.usage)
  const commands = [...usage, ['--version', ''] as const, ['--help', ''] as const]
  const options = flagKeys().map((key) => {
    const { effect, default: value } = configRow(key)
    const shown = value === '' ? 'none' : String(value) || 'none'
    return `  --${flagOf(key).padEnd(COLUMN)}${effect} (${shown})\n`
  })
  return `pawl: session management

${commands.map(([typed, effect]) => `  pawl ${typed.padEnd(COLUMN)}${effect}`.trimEnd()).join('\n')}

Options of every command that opens the store (each is also an environment variable and a key of
the file):

  --config <file>           a JSON file; also PAWL_CONFIG
  --print-config            (serve) print the configuration and where it comes from, and stop
${options.join('')}`
}
