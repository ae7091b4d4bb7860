import { existsSync } from 'node:fs'
import type { Store } from '@pawl/core'
import type { AuditFact } from '../audit/audit-fact.ts'
import type { ServerConfig } from '../config/table.ts'
import { type CommandForm, faultOfWords } from './command-forms.ts'
import { type CommandLine, type OwnOptions, parseCommandLine } from './command-line.ts'
import { complain, FAILURE_EXIT } from './output.ts'

/** What a family of commands takes. */
export interface CommandShape {
  /** The first word: `keys`. */
  readonly family: string
  readonly forms: readonly CommandForm[]
  /** First words of the forms that make an embedded database which is not there. */
  readonly makesStore?: readonly string[]
  /** Options beside those of the configuration. */
  readonly own: OwnOptions
  /** What is wrong with words and options of a right form: a sentence; or null. */
  readonly faultOf?: (line: CommandLine) => string | null
}

/** What a command works with: its words, its options, the configuration and the store. */
export interface StoreCommand {
  readonly words: readonly string[]
  readonly options: CommandLine['options']
  readonly config: ServerConfig
  readonly store: Store
  /** Writes an audit line of what this command did. */
  readonly audit: (fact: AuditFact) => Promise<void>
}

/**
 * Runs a command on the configured store, without a running service, and closes the store. The
 * schema is brought up to date first, as a core would. What is wrong is one sentence and exit code
 * 2 (the command line, the configuration) or 1 (the work). Nothing is opened or made for a command
 * line that does not hold, nor an embedded database by a command that can only find it empty.
 */
export async function withStore(
  args: readonly string[],
  shape: CommandShape,
  run: (command: StoreCommand) => Promise<number>,
): Promise<number> {
  const { family, forms, makesStore = [], own, faultOf = () => null } = shape
  const line = parseCommandLine(args, own)
  const { loadConfig } = await import('../config/load-config.ts')
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  if (loaded.kind === 'faults') return complain([...line.faults, ...loaded.faults])
  if (line.faults.length > 0) return complain(line.faults)
  const fault = faultOfWords(line, family, forms) ?? faultOf(line)
  if (fault !== null) return complain([fault])
  const { config } = loaded
  let store: Store | undefined
  try {
    const { openStore, sqliteFileOf } = await import('../config/open-store.ts')
    const file = sqliteFileOf(config)
    const isMaker = makesStore.includes(line.positionals[0] ?? '')
    if (file !== undefined && !isMaker && !existsSync(file)) {
      return complain([noDatabase(file)], FAILURE_EXIT)
    }
    store = await openStore(config)
    await store.migrate()
    const { positionals: words, options } = line
    const audit = commandAuditor(config.logLevel, `${family} ${words[0] ?? ''}`.trim())
    return await run({ words, options, config, store, audit })
  } catch (error) {
    const hasSentence = error instanceof Error && error.message !== ''
    return complain([hasSentence ? error.message : String(error)], FAILURE_EXIT)
  } finally {
    await store?.close()
  }
}

/** The audit of one command, such as `keys rotate`; the log is loaded for a line only. */
export function commandAuditor(
  logLevel: ServerConfig['logLevel'],
  command: string,
): StoreCommand['audit'] {
  return async (fact) => {
    const { writeAudit } = await import('./write-audit.ts')
    writeAudit(logLevel, command, fact)
  }
}

function noDatabase(file: string): string {
  return `there is no database ${file}: say where it is with --data-dir or --store, or make it with pawl migrate`
}
