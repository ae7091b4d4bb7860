/**
 * Before when a JWT says that it was issued, in ms since the epoch; NaN if it does not say. It
 * names a whole second, so this is the end of that. NOTHING of it is verified: good for choosing
 * between two refusals alone.
 */
export function claimedIssueEndMs(token: string): number {
  try {
    const payload = Buffer.from(token.split('.', 2)[1] ?? '', 'base64url').toString('utf8')
    const claims: unknown = JSON.parse(payload)
    const isObject = typeof claims === 'object' && claims !== null
    return isObject && 'iat' in claims && typeof claims.iat === 'number'
      ? (claims.iat + 1) * 1000
      : Number.NaN
  } catch {
    // No JSON: somebody made it up.
    return Number.NaN
  }
}
