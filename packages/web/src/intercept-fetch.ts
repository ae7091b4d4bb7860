import type { OwnUrl, SessionFetch } from '@pawl/client'

/** Which calls the interception takes. */
export interface InterceptOptions {
  /** Narrows it down further than to the API's origins. Default: all of them. */
  readonly matches?: (url: URL) => boolean
}

/**
 * Puts the session's fetch in the place of the global one; what does not go to the API's origins
 * passes untouched. Returns the way to undo it. XMLHttpRequest is left alone.
 */
export function interceptFetch(
  sessionFetch: SessionFetch,
  ownUrl: OwnUrl,
  { base, matches }: InterceptOptions & { readonly base: string },
): () => void {
  const before = globalThis.fetch
  let undone = false
  // Not the driver's own routes: a second session of this page sends its refresh through here.
  const takes = (url: URL | undefined) =>
    url !== undefined && !url.href.startsWith(`${base}/`) && (matches?.(url) ?? true)
  const intercepting = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> =>
    !undone && takes(ownUrl(input)) ? sessionFetch(input, init) : before(input, init)
  globalThis.fetch = intercepting
  return () => {
    undone = true
    // Somebody may have wrapped ours since: then it just passes everything on.
    if (globalThis.fetch === intercepting) globalThis.fetch = before
  }
}
