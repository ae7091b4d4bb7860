import type { AppId } from '@pawl/core'
import { complain, print } from './output.ts'
import { withStore } from './with-store.ts'

/** `pawl secret generate | rotate | rewrap`: the master secret. */
export async function secretCommand(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args
  if (verb === 'generate' && rest.length === 0) {
    const { generateSecret } = await import('@pawl/embedded')
    return print(`${generateSecret()}\n`)
  }
  if (verb === 'rotate') return rotateSecret(rest)
  if (verb === 'rewrap') return rewrapKeys(rest)
  return complain(['say pawl secret generate, pawl secret rotate or pawl secret rewrap'])
}

/** Puts a new secret first where the file is ours; says what to set where it is not. */
async function rotateSecret(args: readonly string[]): Promise<number> {
  return withStore(args, {}, async ({ config, store }) => {
    const { generateSecret, prependSecret } = await import('@pawl/embedded')
    const { secretFileOf } = await import('../config/secrets.ts')
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
    const secrets = prependSecret(secretFileOf(config), generateSecret())
    return print(
      `The secret file holds ${secrets.length} secrets now; the new one seals from the next start on.\n` +
        'Restart the core, then run pawl secret rewrap.\n',
    )
  })
}

/** Seals what is at rest anew, and says when older secrets may go. */
async function rewrapKeys(args: readonly string[]): Promise<number> {
  return withStore(args, {}, async ({ config, store }) => {
    const { openKeyAdmin } = await import('@pawl/embedded')
    const { secretsFor } = await import('../config/secrets.ts')
    const apps = (await store.listRecords('app', '*')).map(({ id }) => id as AppId)
    const admin = openKeyAdmin(store, secretsFor(config, store))
    const changed = await admin.rewrap([...new Set(['default' as AppId, ...apps])])
    const days = Math.ceil(config.idleTimeoutSeconds / 86_400)
    return print(
      `${changed} signing keys were sealed anew; cores need the new secret to start from now on.\n` +
        'Refresh tokens sealed under an older secret live until they are used or fall idle: keep the\n' +
        `older secrets for ${days} more days (the longest idle timeout), then remove them.\n`,
    )
  })
}
