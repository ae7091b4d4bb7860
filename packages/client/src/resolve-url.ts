/** The address that a fetch would go to, or undefined if it is not one. */
export function resolveUrl(
  input: string | URL | Request,
  base: string | undefined,
): URL | undefined {
  try {
    return new URL(input instanceof Request ? input.url : input, base)
  } catch {
    // Not an address: fetch itself shall say so.
    return undefined
  }
}
