import { type CoreApi, type Outcome, ok } from '@pawl/protocol'

/** What gateways read to verify our access tokens (OpenID Connect Discovery 1.0 section 3). */
export interface DiscoveryDocument {
  readonly issuer: string
  readonly jwks_uri: string
  readonly response_types_supported: readonly string[]
  readonly subject_types_supported: readonly string[]
  readonly id_token_signing_alg_values_supported: readonly string[]
}

/**
 * The discovery document of an app. It names the keys and the issuer; there is no authorization
 * endpoint, since logging in is the application's own affair.
 */
export async function describeDiscovery(
  core: CoreApi,
  publicUrl: string,
  app: string | undefined,
): Promise<Outcome<DiscoveryDocument>> {
  const settings = await core.getSettings({})
  if (settings.kind === 'refused') return settings
  const keys = await core.getKeys({})
  if (keys.kind === 'refused') return keys
  const prefix = app === undefined ? '' : `/apps/${app}`
  return ok({
    issuer: settings.value.issuer,
    jwks_uri: `${publicUrl}${prefix}/.well-known/jwks.json`,
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.value.keys.map(({ alg }) => alg))],
  })
}
