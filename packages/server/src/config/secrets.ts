import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Store } from '@pawl/core'
import {
  type EmbedOptions,
  generateSecret,
  knowsSecret,
  readOrCreateSecretFile,
  readSecretFile,
} from '@pawl/embedded'

/** The file beside the embedded database that keeps the master secrets. */
export function secretFileOf(config: { readonly dataDir: string }): string {
  return path.join(config.dataDir, 'secret')
}

/**
 * The master secrets for a store. Only the embedded store may have one invented for it, and only as
 * long as it has none; memory needs none that lasts. Throws a sentence for a shared store without
 * one, and for an embedded one whose file is not there any more.
 */
export async function secretsFor(
  config: { readonly secret: readonly string[]; readonly dataDir: string },
  store: Store,
): Promise<readonly string[]> {
  if (config.secret.length > 0) return config.secret
  if (store.engine === 'memory') return [generateSecret()]
  if (!store.isEmbedded) {
    throw new Error(
      `secret: a shared store (${store.engine}) needs the master secret of all its cores: set PAWL_SECRET or PAWL_SECRET_FILE`,
    )
  }
  const file = secretFileOf(config)
  if (!existsSync(file)) {
    await store.migrate()
    // Another process may be making both: the file comes first, so look for it once more.
    if ((await knowsSecret(store)) && !existsSync(file)) {
      throw new Error(
        `secret: this store was set up with a master secret, and the file ${file} is not there: put it back, or set PAWL_SECRET or PAWL_SECRET_FILE`,
      )
    }
  }
  return readOrCreateSecretFile(file)
}

/**
 * The same for a core that goes on serving: a secret that is added to the file beside the embedded
 * store is found when a token names it, for another process may have been started with it.
 */
export async function livingSecretsFor(
  config: { readonly secret: readonly string[]; readonly dataDir: string },
  store: Store,
): Promise<EmbedOptions['secret']> {
  const secrets = await secretsFor(config, store)
  const hasFile = config.secret.length === 0 && store.engine !== 'memory'
  return hasFile ? () => readSecretFile(secretFileOf(config)) : secrets
}
