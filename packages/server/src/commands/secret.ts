import { longestIdleSeconds } from './longest-idle.ts'
import { namesOfAllApps } from './names-of-apps.ts'
import { complain, print } from './output.ts'
import { type StoreCommand, withStore } from './with-store.ts'

const SHAPE = { family: 'secret', forms: ['generate', 'rotate', 'rewrap'], own: {} } as const
const DAY_SECONDS = 86_400

/** `pawl secret generate | rotate | rewrap`: the master secret. */
export async function secretCommand(args: readonly string[]): Promise<number> {
  if (args[0] === 'generate') {
    if (args.length > 1) return complain(['pawl secret generate takes nothing more'])
    const { generateSecret } = await import('@pawl/embedded')
    return print(`${generateSecret()}\n`)
  }
  return withStore(args, SHAPE, (command) =>
    command.words[0] === 'rotate' ? rotateSecret(command) : rewrapKeys(command),
  )
}

/** Puts a new secret first where the file is ours; says what to set where it is not. */
async function rotateSecret({ config, store, audit }: StoreCommand): Promise<number> {
  const { generateSecret, prependSecret } = await import('@pawl/embedded')
  const { secretFileOf, secretsFor } = await import('../config/secrets.ts')
  const isOwnFile = store.isEmbedded && config.secret.length === 0
  if (!isOwnFile) {
    return print(
      `A new master secret:\n\n${generateSecret()}\n\n` +
        'PAWL_SECRET (separated by commas) or the file of PAWL_SECRET_FILE (one a line) holds them;\n' +
        'the first one seals, all of them open.\n' +
        '  1. Put it LAST on every core and restart them one by one: all can open it now.\n' +
        '  2. Put it FIRST on every core and restart them one by one: it seals now.\n' +
        '  3. Run pawl secret rewrap.\n',
    )
  }
  await secretsFor(config, store)
  const secrets = prependSecret(secretFileOf(config), generateSecret())
  await audit({ what: 'secret-rotated', count: secrets.length })
  return print(
    `The secret file holds ${secrets.length} secrets now; the new one seals from the next start on.\n` +
      'Restart every core of this database, one by one, then run pawl secret rewrap.\n',
  )
}

/** Seals what is at rest anew, and says when older secrets may go. */
async function rewrapKeys({ config, store, audit }: StoreCommand): Promise<number> {
  const { formerSeals, openKeyAdmin } = await import('@pawl/embedded')
  const { secretsFor } = await import('../config/secrets.ts')
  const { rewrapFormer } = await import('../supertokens/former/former-book.ts')
  const apps = await namesOfAllApps(store)
  const secrets = await secretsFor(config, store)
  const changed = await openKeyAdmin(store, secrets).rewrap()
  for (const app of apps) await rewrapFormer(store, formerSeals(secrets), app)
  await audit({ what: 'secret-rewrapped', app: null, count: changed })
  const idleSeconds = Math.max(
    config.idleTimeoutSeconds,
    await longestIdleSeconds(store, apps),
    await longestIdleOfWire(config, store, apps),
  )
  const days = Math.ceil(idleSeconds / DAY_SECONDS)
  return print(
    `${changed} signing keys were sealed anew; cores need the new secret to start from now on.\n` +
      'Refresh tokens sealed under an older secret live until they are used or fall idle: keep the\n' +
      `older secrets for ${days} more days (the longest idle timeout of the settings; longer where\n` +
      'sessions were created with a longer one of their own), then remove them.\n',
  )
}

/** The longest idle timeout of the SuperTokens SDKs' sessions, in seconds; 0 if none is served. */
async function longestIdleOfWire(
  config: StoreCommand['config'],
  store: StoreCommand['store'],
  apps: readonly string[],
): Promise<number> {
  if (config.compatEnabled !== 'true') return 0
  const { openWireSettings } = await import('../supertokens/wire-settings.ts')
  const { wireDefaultsOf } = await import('../config/wire-defaults.ts')
  const wire = openWireSettings(store, wireDefaultsOf(config))
  const settings = await Promise.all(apps.map((app) => wire.load(app)))
  return Math.max(...settings.map(({ lives }) => lives.idleTimeoutSeconds))
}
