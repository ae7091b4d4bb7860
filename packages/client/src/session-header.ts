import { SESSION_NONE, type SessionInfoHeader } from '@pawl/protocol/frontend'

const MAX_HEADER_CHARACTERS = 16_384

/**
 * Reads the session header of a response: what it tells, `none`, or undefined when it is absent or
 * is not ours. Never throws.
 */
export function decodeSessionHeader(
  value: string | null,
): SessionInfoHeader | typeof SESSION_NONE | undefined {
  if (value === null || value.length > MAX_HEADER_CHARACTERS) return undefined
  if (value === SESSION_NONE) return SESSION_NONE
  try {
    const binary = atob(value.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isSessionInfoHeader(parsed) ? parsed : undefined
  } catch {
    // Not base64 or not JSON: some other program's header.
    return undefined
  }
}

const fieldTypes: Readonly<Record<Exclude<keyof SessionInfoHeader, 'w'>, string>> = {
  handle: 'string',
  userId: 'string',
  generation: 'number',
  grant: 'string',
  accessExpiresAtMs: 'number',
  serverNowMs: 'number',
  absoluteExpiresAtMs: 'number',
  claims: 'object',
}

/** Whether a value read from JSON has the shape of a session header. */
export function isSessionInfoHeader(value: unknown): value is SessionInfoHeader {
  const fields = value as Readonly<Record<string, unknown>> | null
  return (
    Boolean(fields?.claims) &&
    Object.entries(fieldTypes).every(([name, type]) => typeof fields?.[name] === type)
  )
}
