import { type JsonObject, StoreError } from '@pawl/core'

/**
 * JSON that was stored as text, as it was; most of it is empty. Throws `StoreError('corrupt')` for
 * text that is none, and for what is no text at all.
 */
export function textToJson(text: unknown): JsonObject {
  if (text === '{}') return {}
  try {
    return JSON.parse(String(text ?? '')) as JsonObject
  } catch (cause) {
    throw new StoreError('corrupt', 'a stored session holds JSON that cannot be read', { cause })
  }
}
