import ipaddr from 'ipaddr.js'

/** Bits of an IPv6 address that name a site: the rest is the client's own to choose. */
const SITE_BITS = 64

/**
 * What an address counts as: an IPv4 address as it is (in whatever form it is written, inside IPv6
 * too), an IPv6 address by its /64. Undefined for a text that is no address.
 */
export function canonicalAddress(text: string | undefined): string | undefined {
  const address = parseAddress(text)
  if (address === undefined || address.kind() === 'ipv4') return address?.toString()
  const site = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${SITE_BITS}`)
  return `${site.toString()}/${SITE_BITS}`
}

/** Whether an address is this machine's own. */
export function isLoopbackAddress(text: string | undefined): boolean {
  return parseAddress(text)?.range() === 'loopback'
}

/** Zone and brackets do not count; an IPv4 address inside IPv6 is taken out of it. */
function parseAddress(text: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = text?.replace(/%.*$/, '').replace(/^\[(.*)\]$/, '$1') ?? ''
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare)
  return isAddress ? ipaddr.process(bare) : undefined
}
