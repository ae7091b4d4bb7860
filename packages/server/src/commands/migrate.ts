import type { ServerConfig } from '../config/table.ts'
import { complain, FAILURE_EXIT, print, remark } from './output.ts'
import { withStore } from './with-store.ts'

const SHAPE = { family: 'migrate', forms: ['[--dry-run]'], makesStore: [''], own: {} } as const

/** `pawl migrate [--dry-run]`: brings the schema up to date, or prints what is left to run. */
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
  const line = parseCommandLine(args)
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  if (loaded.kind === 'faults') return complain([...line.faults, ...loaded.faults])
  if (line.faults.length > 0) return complain(line.faults)
  const fault = faultOfWords(line, SHAPE.family, SHAPE.forms)
  if (fault !== null) return complain([fault])
  return printPlan(loaded.config)
}

async function printPlan(config: ServerConfig): Promise<number> {
  const { planMigration } = await import('../config/plan-migration.ts')
  try {
    const { script, unasked } = await planMigration(config)
    if (unasked !== undefined) {
      remark(`${unasked}: what follows is all that an empty database needs`)
    }
    if (script === null) {
      return print('-- this store has no SQL: it makes what it needs when a core starts\n')
    }
    if (script !== '') return print(`${script}\n`)
    remark('the schema is up to date: there is nothing to do')
    return 0
  } catch (error) {
    return complain([error instanceof Error ? error.message : String(error)], FAILURE_EXIT)
  }
}
