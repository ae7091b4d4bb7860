import path from 'node:path'
import type { Store } from '@pawl/core'
import { generateSecret, readOrCreateSecretFile } from '@pawl/embedded'

/** The file beside the embedded database that keeps the master secrets. */
export function secretFileOf(config: { readonly dataDir: string }): string {
  return path.join(config.dataDir, 'secret')
}

/**
 * The master secrets for a store. Only the embedded store may have one invented for it; memory
 * needs none that lasts. Throws a sentence for a shared store without one.
 */
export function secretsFor(
  config: { readonly secret: readonly string[]; readonly dataDir: string },
  store: Pick<Store, 'engine' | 'isEmbedded'>,
): readonly string[] {
  if (config.secret.length > 0) return config.secret
  if (store.engine === 'memory') return [generateSecret()]
  if (!store.isEmbedded) {
    throw new Error(
      `secret: a shared store (${store.engine}) needs the master secret of all its cores: set PAWL_SECRET or PAWL_SECRET_FILE`,
    )
  }
  return readOrCreateSecretFile(secretFileOf(config))
}
