import type { AccessTokens, AppId } from '@pawl/core'
import { OPAQUE_ACCESS_PREFIX } from '@pawl/protocol'
import { jwtAccessTokens, type TokenParties } from './jwt-access-tokens.ts'
import type { KeyRing } from './key-ring.ts'
import type { SecretRing } from './master-secret.ts'
import { opaqueAccessTokens } from './opaque-access-tokens.ts'

/** Access tokens of both kinds: a session says which it gets, a token shows which it is. */
export function accessTokens(
  secrets: SecretRing,
  keys: KeyRing,
  partiesOf: (app: AppId) => TokenParties | undefined,
): AccessTokens {
  const jwt = jwtAccessTokens(keys, partiesOf)
  const opaque = opaqueAccessTokens(secrets)
  return {
    reservedClaims: jwt.reservedClaims,
    mint: (order) => (order.session.accessKind === 'opaque' ? opaque : jwt).mint(order),
    open: (app, token) => (token.startsWith(OPAQUE_ACCESS_PREFIX) ? opaque : jwt).open(app, token),
  }
}
