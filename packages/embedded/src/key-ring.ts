import type { AppId, PublicKeys } from '@pawl/core'
import type { SigningKey } from './signing-keys.ts'

/** How long a set of public keys may be cached, in seconds. */
const KEY_SET_MAX_AGE_SECONDS = 300

/** The signing keys of all apps, in memory. */
export interface KeyRing extends PublicKeys {
  /** The key that signs now. */
  readonly signingKeyOf: (app: AppId) => SigningKey
  /**
   * The key whose tokens start with exactly this JOSE header. A header is compared, never read:
   * what a token says of its algorithm or key counts for nothing.
   */
  readonly findByHeader: (app: AppId, header: string) => SigningKey | undefined
}

/** A ring over loaded keys; each app has at least one, oldest first, and the newest signs. */
export function keyRing(keysByApp: ReadonlyMap<AppId, readonly SigningKey[]>): KeyRing {
  const rings = new Map(
    [...keysByApp].map(([app, keys]) => {
      const byHeader = new Map(keys.map((key) => [key.header, key]))
      return [app, { keys, byHeader, signing: keys.at(-1) }]
    }),
  )
  return {
    signingKeyOf(app) {
      const signing = rings.get(app)?.signing
      if (signing === undefined) throw new Error(`the app ${app} has no signing key`)
      return signing
    },
    findByHeader: (app, header) => rings.get(app)?.byHeader.get(header),
    async publicKeySet(app) {
      const keys = (rings.get(app)?.keys ?? []).map(({ jwk }) => jwk)
      return { keys, maxAgeSeconds: KEY_SET_MAX_AGE_SECONDS }
    },
  }
}
