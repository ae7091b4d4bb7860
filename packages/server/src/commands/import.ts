import { wireDefaultsOf } from '../config/wire-defaults.ts'
import { formerReader } from '../supertokens/import/former-database.ts'
import { type ImportOutcome, importSessions } from '../supertokens/import/import-sessions.ts'
import { openWireSettings } from '../supertokens/wire-settings.ts'
import { complain, FAILURE_EXIT, print } from './output.ts'
import { type StoreCommand, withStore } from './with-store.ts'

const SHAPE = {
  family: 'import',
  forms: ['supertokens [--from postgres://…] [--prefix <text>] [--finish]'],
  makesStore: ['supertokens'],
  own: { from: 'text', prefix: 'text', finish: 'flag' },
} as const

/**
 * `pawl import supertokens --from <url>`: the live sessions and keys of a SuperTokens database.
 * `PAWL_IMPORT_FROM` stands for the URL where it holds a password. `--finish` is the last pass.
 */
export async function importCommand(args: readonly string[]): Promise<number> {
  return withStore(args, SHAPE, async (command) => {
    const { options } = command
    const url = String(options.from ?? process.env.PAWL_IMPORT_FROM ?? '')
    if (!/^postgres(ql)?:\/\//.test(url)) {
      return complain(['--from, or PAWL_IMPORT_FROM, must be a postgres:// URL'])
    }
    return show(await runImport(command, url), options.finish === true)
  })
}

async function runImport(command: StoreCommand, url: string): Promise<ImportOutcome> {
  const { config, store, options } = command
  const { loadStorePackage } = await import('../config/open-store.ts')
  const { postgresReader } = await loadStorePackage(url)
  const database = await (postgresReader as OpenReader)({ url })
  try {
    const { embedCore } = await import('@pawl/embedded')
    const { secretsFor } = await import('../config/secrets.ts')
    const { settingsOf } = await import('../config/check-config.ts')
    const secret = await secretsFor(config, store)
    const settings = settingsOf(config)
    const core = await embedCore({
      ...{ store, secret, settings, closesStore: false, isVisitor: true },
      trustsStoreClock: config.storeClock === 'witness',
    })
    const former = formerReader(database, String(options.prefix ?? ''))
    const book = openWireSettings(store, wireDefaultsOf(config))
    const isLast = options.finish === true
    try {
      return await importSessions({ former, store, core, book, nowMs: Date.now, isLast })
    } finally {
      await core.close()
    }
  } finally {
    await database.close()
  }
}

type OpenReader = (options: { readonly url: string }) => Promise<{
  readonly read: Parameters<typeof formerReader>[0]['read']
  readonly close: () => Promise<void>
}>

function show(outcome: ImportOutcome, isLast: boolean): number {
  if (outcome.kind === 'refused') return complain([outcome.sentence], FAILURE_EXIT)
  const { written, present, ended, skipped, keys } = outcome
  const left = skipped === 0 ? '' : ` ${skipped} rows are no session that can be taken over.`
  const counts = `${written} sessions were taken over, ${present} were here already; ${keys} keys.${left}\n`
  const next = isLast
    ? `${ended} that had ended there have ended here. The import is closed: the old core may go.\n`
    : 'Point the SDKs here, then run the same command with --finish.\n'
  return print(counts + next)
}
