import { generateKeyPairSync, sign } from 'node:crypto'
import { ACCESS_TOKEN_TYP, type CoreApi, ok } from '@pawl/protocol'

const KID = 's-bench-rsa-2048'

/** A core whose tokens are signed anew. */
export interface Resigned {
  /** The same core, but for its keys. */
  readonly core: CoreApi
  /** The same token under the other key. */
  readonly resign: (token: string) => string
}

/**
 * Gives a core an RSA-2048 key, as many a provider has: our own core makes RSA keys of 3072 bits,
 * whose signatures take nearly twice as long to check.
 */
export function withRsa2048(core: CoreApi): Resigned {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const members = publicKey.export({ format: 'jwk' }) as { kty: string; n: string; e: string }
  const key = { ...members, kid: KID, alg: 'RS256', use: 'sig' }
  const header = JSON.stringify({ alg: 'RS256', typ: ACCESS_TOKEN_TYP, kid: KID })
  const headerText = Buffer.from(header).toString('base64url')
  return {
    core: { ...core, getKeys: async () => ok({ keys: [key], maxAgeSeconds: 3_600 }) },
    resign: (token) => {
      const text = `${headerText}.${token.split('.')[1]}`
      return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
    },
  }
}
