import { APP_LIMITS, type AppEntry, type Outcome, ok, type TenantEntry } from '@pawl/protocol'
import { complain, FAILURE_EXIT, print } from './output.ts'
import { type CoreCommand, show, withCore } from './with-core.ts'

const SHAPE = {
  forms: ['list', "put <name> [--settings '<JSON>']", 'remove <name>'],
  makesStore: ['put'],
  own: { settings: 'text', version: 'text', yes: 'flag' },
} as const
const KNOWN_WITHIN = `Running services know it within ${APP_LIMITS.knownWithinMs / 1000} s.`

type Entry = AppEntry | TenantEntry
type Page = { readonly entries: readonly Entry[]; readonly next: string | null }

/** What apps and tenants are managed with. */
interface Shelf {
  readonly what: 'app' | 'tenant'
  readonly read: (after: { after?: string }) => Promise<Outcome<Page>>
  readonly put: (change: {
    readonly name: string
    readonly settings: never
    readonly version?: number
  }) => Promise<Outcome<Entry>>
  readonly remove: (name: string) => Promise<Outcome<{ readonly removed: boolean }>>
}

/** `pawl app list | put <name> | remove <name>`: the apps of the installation. */
export async function appCommand(args: readonly string[]): Promise<number> {
  return withCore(args, { family: 'app', ...SHAPE }, async (command) => {
    const { core } = command
    if (command.options.app !== undefined) return complain(['pawl app takes no --app'])
    return manage(command, {
      what: 'app',
      async read(after) {
        const outcome = await core.listApps(after)
        if (outcome.kind === 'refused') return outcome
        return ok({ entries: outcome.value.apps, next: outcome.value.next })
      },
      put: (change) => core.putApp(change),
      remove: (name) => core.removeApp({ name }),
    })
  })
}

/** `pawl tenant list | put <name> | remove <name>`: the tenants of `--app`, else of the default. */
export async function tenantCommand(args: readonly string[]): Promise<number> {
  return withCore(args, { family: 'tenant', ...SHAPE }, async (command) => {
    const { core } = command
    return manage(command, {
      what: 'tenant',
      async read(after) {
        const outcome = await core.listTenants(after)
        if (outcome.kind === 'refused') return outcome
        return ok({ entries: outcome.value.tenants, next: outcome.value.next })
      },
      put: (change) => core.putTenant(change),
      remove: (name) => core.removeTenant({ name }),
    })
  })
}

async function manage(command: CoreCommand, shelf: Shelf): Promise<number> {
  const [verb, name = ''] = command.words
  if (verb === 'list') {
    return show(command, await readAll(shelf), (entries) => entries.map(line).join(''))
  }
  return verb === 'put' ? put(command, shelf, name) : remove(command, shelf, name)
}

/** Bounded: no name comes twice, and there are at most so many records. */
async function readAll(shelf: Shelf): Promise<Outcome<readonly Entry[]>> {
  const entries: Entry[] = []
  let next: string | null = null
  do {
    const after: { after?: string } = next === null ? {} : { after: next }
    const page: Outcome<Page> = await shelf.read(after)
    if (page.kind === 'refused') return page
    entries.push(...page.value.entries)
    next = page.value.next
  } while (next !== null)
  return ok(entries)
}

async function put(command: CoreCommand, shelf: Shelf, name: string): Promise<number> {
  const { settings: text = '{}', version } = command.options
  let settings: unknown
  try {
    settings = JSON.parse(String(text))
  } catch {
    return complain(['--settings: must be JSON'])
  }
  if (version !== undefined && !/^\d{1,9}$/.test(String(version))) {
    return complain(['--version: must be a whole number'])
  }
  // The core parses what it is given: a wrong shape is its refusal.
  const change = { name, settings: settings as never }
  const outcome = await shelf.put(
    version === undefined ? change : { ...change, version: Number(version) },
  )
  return show(command, outcome, (entry) => `${line(entry)}${KNOWN_WITHIN}\n`)
}

async function remove(command: CoreCommand, shelf: Shelf, name: string): Promise<number> {
  const { what } = shelf
  if (command.options.yes !== true) {
    return complain([`this ends every session of the ${what} ${name}: say it with --yes`])
  }
  const outcome = await shelf.remove(name)
  if (outcome.kind === 'refused') return show(command, outcome, String)
  if (!outcome.value.removed) return complain([`there is no ${what} ${name}`], FAILURE_EXIT)
  return print(`The ${what} ${name} is gone, and so are its sessions. ${KNOWN_WITHIN}\n`)
}

function line(entry: Entry): string {
  const { name, origin, version, settings, faults } = entry
  const where = origin === 'store' ? `version ${version}` : 'configuration'
  const marks = faults.map((fault) => `  ! ${fault}\n`).join('')
  return `${name}  ${where}  ${JSON.stringify(settings)}\n${marks}`
}
