import type { CoreApi, Outcome } from '@pawl/protocol'
import type { AuditFact } from '../audit/audit-fact.ts'
import { complain, FAILURE_EXIT, print } from './output.ts'
import { type CommandShape, type StoreCommand, withStore } from './with-store.ts'

/** A command that asks a core of its own: the one of the app named by `--app`, else the default. */
export interface CoreCommand extends StoreCommand {
  readonly core: CoreApi
}

/** Runs a command against a core over the configured store; no service needs to run. */
export async function withCore(
  args: readonly string[],
  shape: CommandShape,
  run: (command: CoreCommand) => Promise<number>,
): Promise<number> {
  const own = { app: 'text', json: 'flag', ...shape.own } as const
  return withStore(args, { ...shape, own }, async (command) => {
    const { config, store, options, audit } = command
    const { auditedCore } = await import('../audit/audited-core.ts')
    const done: AuditFact[] = []
    const { embedCore } = await import('@pawl/embedded')
    const { secretsFor } = await import('../config/secrets.ts')
    const { settingsOf } = await import('../config/check-config.ts')
    const root = await embedCore({
      store,
      secret: await secretsFor(config, store),
      settings: settingsOf(config),
      closesStore: false,
      isVisitor: true,
      trustsStoreClock: config.storeClock === 'witness',
    })
    try {
      const app = options.app === undefined ? 'default' : String(options.app)
      const core = auditedCore(root, (fact) => done.push(fact)).app(app)
      if (core === undefined)
        return complain([`there is no app ${app}: see pawl app list`], FAILURE_EXIT)
      return await run({ ...command, core })
    } finally {
      for (const fact of done) await audit(fact)
      await root.close()
    }
  })
}

/** Prints a value: as JSON with `--json`, else as `text` tells it. A refusal is exit code 1. */
export function show<T>(
  { options }: Pick<CoreCommand, 'options'>,
  outcome: Outcome<T>,
  text: (value: T) => string,
): number {
  if (outcome.kind === 'refused') {
    return complain([`${outcome.code}: ${outcome.detail}`], FAILURE_EXIT)
  }
  const { value } = outcome
  return print(options.json === true ? `${JSON.stringify(value)}\n` : text(value))
}

/** A time for people. */
export function shownTime(timeMs: number | null): string {
  return timeMs === null ? 'never' : new Date(timeMs).toISOString()
}
