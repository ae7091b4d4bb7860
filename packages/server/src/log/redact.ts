const TOKEN = /pawl_(?:rt|at|key)\d*\.[\w-]*(?:\.[\w-]*){0,2}/g
const JWT = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g
const REDACTED = '[redacted]'

/** Log fields that are never written, wherever they stand up to two levels deep. */
export const SECRET_FIELDS = [
  'token',
  'accessToken',
  'refreshToken',
  'refreshTokens',
  'authorization',
  'cookie',
  'apiKey',
  'secret',
] as const

/** A line without anything that looks like a token or a key of ours: the last net of the log. */
export function redactTokens(line: string): string {
  if (!line.includes('pawl_') && !line.includes('eyJ')) return line
  return line.replaceAll(TOKEN, REDACTED).replaceAll(JWT, REDACTED)
}
