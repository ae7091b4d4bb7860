import type { AppId } from '@pawl/core'
import type { KeyRings } from './key-rings.ts'

/** A JWT that an application wants signed: not an access token, and never taken for one. */
export interface PlainJwt {
  readonly payload: { readonly [name: string]: unknown }
  /** `rsa`: the RS256 key that stays; `turning`: the key that turns, whatever its algorithm. */
  readonly keys: 'rsa' | 'turning'
}

/**
 * Signs a JWT with a key of the app's key set: `typ: JWT`, no `version`, so that neither the native
 * wire (`at+jwt`) nor another one reads it as an access token.
 */
export async function signPlainJwt(rings: KeyRings, app: AppId, jwt: PlainJwt): Promise<string> {
  const key = await rings[jwt.keys].signingKeyOf(app)
  const header = encode({ alg: key.algorithm, typ: 'JWT', kid: key.kid })
  const signed = `${header}.${encode(jwt.payload)}`
  return `${signed}.${(await key.sign(signed)).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
