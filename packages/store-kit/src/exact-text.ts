/**
 * A string that UTF-8 keeps exactly; throws a `TypeError` for any other: two names must never
 * become one by being stored.
 */
export function exactText(text: string): string {
  if (text.isWellFormed()) return text
  throw new TypeError('a name or a value holds a lone surrogate, which UTF-8 cannot keep')
}
