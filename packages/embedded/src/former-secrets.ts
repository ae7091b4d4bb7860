import { decodeBase64url } from './base64url.ts'
import { openSecretRing, type SecretRing } from './master-secret.ts'
import { seal, unseal } from './seal.ts'

/** Seals and opens secrets of former cores, as a core with these master secrets does. */
export function formerSeals(secrets: readonly string[]): {
  readonly sealSecret: (secret: string, context: string) => string
  readonly openSecret: (sealed: string, context: string) => string | undefined
} {
  const ring = openSecretRing(secrets)
  return {
    sealSecret: (secret, context) => sealFormerSecret(ring, secret, context),
    openSecret: (sealed, context) => openFormerSecret(ring, sealed, context),
  }
}

/** Seals a secret of a core whose sessions were taken over: `<secretId>.<sealed>`. */
export function sealFormerSecret(secrets: SecretRing, secret: string, context: string): string {
  const { id, keyFor } = secrets.sealing
  const sealed = seal(keyFor('formerSecretAtRest'), Buffer.from(secret), context)
  return `${id}.${sealed.toString('base64url')}`
}

/** Opens what {@link sealFormerSecret} made; undefined for anything else. */
export function openFormerSecret(
  secrets: SecretRing,
  text: string,
  context: string,
): string | undefined {
  const [id = '', payload = ''] = text.split('.')
  const secret = secrets.find(id)
  const sealed = decodeBase64url(payload)
  const bytes = secret && sealed && unseal(secret.keyFor('formerSecretAtRest'), sealed, context)
  return bytes?.toString()
}
