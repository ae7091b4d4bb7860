import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
} from 'node:crypto'

/** What a refresh token of a session that is bound to no key has under its seal, in bytes. */
const TOKEN_BYTES = 120
const IV_BYTES = 12
/** An access token without claims of the app, before its signature. */
const SIGNED = Buffer.from('s'.repeat(360))
/** Two texts of tokens (its own and the child's), and four hashes of hashes. */
const TOKEN = 't'.repeat(230)
const HASHES_OF_HASHES = 4

/** Who makes the signature: this thread, or one of the pool's, which has to be woken. */
type Signer = 'here' | 'pool'

/**
 * The cryptography of one refresh and nothing else, by bare `node:crypto`: a sealed token opened,
 * a sealed token made, six SHA-256, one ES256 signature.
 */
export function leastWork(signer: Signer): () => Promise<void> {
  const secret = createSecretKey(randomBytes(32))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const plain = randomBytes(TOKEN_BYTES)
  const iv = randomBytes(IV_BYTES)
  function seal(): { readonly bytes: Buffer; readonly tag: Buffer } {
    const cipher = createCipheriv('aes-256-gcm', secret, iv)
    const bytes = cipher.update(plain)
    cipher.final()
    return { bytes, tag: cipher.getAuthTag() }
  }
  const sealed = seal()
  return async () => {
    const decipher = createDecipheriv('aes-256-gcm', secret, iv, { authTagLength: 16 })
    decipher.setAuthTag(sealed.tag)
    decipher.update(sealed.bytes)
    decipher.final()
    seal()
    for (let count = 0; count < 2; count++) hash('sha256', TOKEN, 'buffer')
    for (let count = 0; count < HASHES_OF_HASHES; count++) hash('sha256', iv, 'base64url')
    if (signer === 'here') sign('sha256', SIGNED, key)
    else await signInPool()
  }

  function signInPool(): Promise<void> {
    return new Promise((resolve, reject) => {
      sign('sha256', SIGNED, key, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }
}
