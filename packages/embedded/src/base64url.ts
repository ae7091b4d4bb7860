/**
 * Decodes canonical base64url (RFC 4648 section 5, no padding): one text per value. Undefined for
 * foreign characters, padding or trailing bits that are not zero, all of which Node lets pass.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
