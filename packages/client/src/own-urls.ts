/** Where the session may go. */
export interface OwnOrigins {
  /** The exact origins that get credentials. Everything else is passed through untouched. */
  readonly origins: readonly string[]
  /** Base of relative URLs, if the platform has one. */
  readonly baseUrl: () => string | undefined
}

/** The address that a fetch would go to if it is one of the session's; else undefined. */
export type OwnUrl = (input: string | URL | Request) => URL | undefined

/** Tells the addresses that the session may go to. */
export function ownUrls({ origins, baseUrl }: OwnOrigins): OwnUrl {
  return (input) => {
    try {
      const url = new URL(input instanceof Request ? input.url : input, baseUrl())
      // What the page holds itself, such as a blob, has the page's origin, but goes nowhere.
      return url.protocol.startsWith('http') && origins.includes(url.origin) ? url : undefined
    } catch {
      // Not an address: fetch itself shall say so.
      return undefined
    }
  }
}
