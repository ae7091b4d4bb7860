/**
 * When a JWT says that it was issued, in ms since the epoch; NaN if it does not say. NOTHING of it
 * is verified: good for choosing between two refusals alone.
 */
export function claimedIssueTimeMs(token: string): number {
  try {
    const payload = Buffer.from(token.split('.', 2)[1] ?? '', 'base64url').toString('utf8')
    const claims: unknown = JSON.parse(payload)
    const isObject = typeof claims === 'object' && claims !== null
    return isObject && 'iat' in claims && typeof claims.iat === 'number'
      ? claims.iat * 1000
      : Number.NaN
  } catch {
    // No JSON: somebody made it up.
    return Number.NaN
  }
}
