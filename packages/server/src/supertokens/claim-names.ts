import { PROTECTED_CLAIMS } from './token-shapes.ts'
import { PROTECTED_CLAIM } from './wire-reply.ts'
import type { WireVersion } from './wire-versions.ts'

/** The sentence that refuses claims with a name of the token's own, or null. */
export function faultOfClaimNames(
  claims: { readonly [name: string]: unknown },
  version: Pick<WireVersion, 'tokenVersion'>,
): string | null {
  const reserved = PROTECTED_CLAIMS[version.tokenVersion]
  return Object.keys(claims).some((name) => reserved.has(name)) ? PROTECTED_CLAIM : null
}
