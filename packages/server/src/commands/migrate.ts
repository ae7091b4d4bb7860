import { complain, print } from './output.ts'
import { withStore } from './with-store.ts'

const SHAPE = { family: 'migrate', forms: ['[--dry-run]'], makesStore: [''], own: {} } as const

/** `pawl migrate [--dry-run]`: brings the store's schema up to date, or prints the SQL for it. */
export async function migrateCommand(args: readonly string[]): Promise<number> {
  if (args.includes('--dry-run')) return dryRun(args.filter((word) => word !== '--dry-run'))
  return withStore(args, SHAPE, async ({ store }) => {
    return print(`The schema of the ${store.engine} store is up to date.\n`)
  })
}

async function dryRun(args: readonly string[]): Promise<number> {
  const { faultOfWords } = await import('./command-forms.ts')
  const { parseCommandLine } = await import('./command-line.ts')
  const { loadConfig } = await import('../config/load-config.ts')
  const { migrationSqlOf } = await import('../config/open-store.ts')
  const line = parseCommandLine(args)
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  if (loaded.kind === 'faults') return complain([...line.faults, ...loaded.faults])
  if (line.faults.length > 0) return complain(line.faults)
  const fault = faultOfWords(line, SHAPE.family, SHAPE.forms)
  if (fault !== null) return complain([fault])
  return print(`${await migrationSqlOf(loaded.config)}\n`)
}
