/** Where response headers go: a `Headers` object, or the response of a framework. */
export interface HeaderSink {
  /** Sets a header, replacing its former value. */
  set(name: string, value: string): void
  /** Adds names to `Vary`, once each. */
  vary(names: string): void
  /**
   * Adds a `Set-Cookie` line; replaces an earlier one for the same cookie, keeps all others. Name,
   * domain, path and partition make a cookie (rfc6265bis section 5.7).
   */
  setCookie(name: string, line: string): void
  /** Throws if headers have left already: asked before and after something changes at the core. */
  assertOpen(): void
}

/** Whether headers can still be written. */
export function isOpen(sink: HeaderSink): boolean {
  try {
    sink.assertOpen()
    return true
  } catch {
    // That is the answer: sinks say it by throwing.
    return false
  }
}

/** A sink that writes to a `Headers` object. */
export function headersSink(headers: Headers): HeaderSink {
  return {
    set: (name, value) => headers.set(name, value),
    vary: (names) => headers.set('vary', mergeVary(headers.get('vary'), names)),
    setCookie: (name, line) => {
      const kept = keepOtherCookies(headers.getSetCookie(), { name, line })
      headers.delete('set-cookie')
      for (const one of [...kept, line]) headers.append('set-cookie', one)
    },
    assertOpen: () => {},
  }
}

/** The value of `Vary` with more names; each once, compared without case. */
export function mergeVary(former: string | null, names: string): string {
  if (former === null || former === '') return names
  if (former === names) return former
  return former.split(',').some((one) => one.trim() === '*') ? former : mergeNames(former, names)
}

/** A list of names with more of them; each once, compared without case. */
export function mergeNames(former: string, names: string): string {
  const present = new Set(former.split(',').map((one) => one.trim().toLowerCase()))
  const added = names.split(', ').filter((one) => !present.has(one.toLowerCase()))
  return added.length === 0 ? former : `${former}, ${added.join(', ')}`
}

/** The `Set-Cookie` lines that are for another cookie than this one. */
export function keepOtherCookies(
  lines: readonly string[],
  { name, line }: { readonly name: string; readonly line: string },
): string[] {
  const start = `${name}=`
  const scope = scopeOf(line)
  return lines.filter((one) => !one.startsWith(start) || scopeOf(one) !== scope)
}

/** Domain, path and partition of a line. */
function scopeOf(line: string): string {
  const attributes = line.split(';').slice(1)
  const parts = attributes.map((one) => one.trim().toLowerCase())
  return parts
    .filter((one) => /^(?:domain=|path=|partitioned$)/.test(one))
    .sort()
    .join(';')
}
