import type { Store } from '@pawl/core'
import type { ServerConfig } from '../config/table.ts'
import { type CommandLine, type OwnOptions, parseCommandLine } from './command-line.ts'
import { complain, FAILURE_EXIT } from './output.ts'

/** What a command works with: its words, its options, the configuration and the store. */
export interface StoreCommand {
  readonly words: readonly string[]
  readonly options: CommandLine['options']
  readonly config: ServerConfig
  readonly store: Store
}

/**
 * Runs a command on the configured store, without a running service, and closes the store. The
 * schema is brought up to date first, as a core would. What is wrong is one sentence and exit code
 * 2 (the command line, the configuration) or 1 (the work).
 */
export async function withStore(
  args: readonly string[],
  own: OwnOptions,
  run: (command: StoreCommand) => Promise<number>,
): Promise<number> {
  const line = parseCommandLine(args, own)
  const { loadConfig } = await import('../config/load-config.ts')
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  if (loaded.kind === 'faults') return complain([...line.faults, ...loaded.faults])
  if (line.faults.length > 0) return complain(line.faults)
  const { config } = loaded
  let store: Store | undefined
  try {
    const { openStore } = await import('../config/open-store.ts')
    store = await openStore(config)
    await store.migrate()
    return await run({ words: line.positionals, options: line.options, config, store })
  } catch (error) {
    const hasSentence = error instanceof Error && error.message !== ''
    return complain([hasSentence ? error.message : String(error)], FAILURE_EXIT)
  } finally {
    await store?.close()
  }
}
