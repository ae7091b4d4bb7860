import type { JsonObjectValue } from '@pawl/protocol'

/** A frozen copy of an object of JSON, all the way down: whoever made it may keep its own. */
export function frozenCopy(value: JsonObjectValue): JsonObjectValue {
  return copied(value) as JsonObjectValue
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(copied))
  // By entries: `__proto__` is a name like any other.
  const entries = Object.entries(value).map(([name, one]) => [name, copied(one)])
  return Object.freeze(Object.fromEntries(entries))
}
