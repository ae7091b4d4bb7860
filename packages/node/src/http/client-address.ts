import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'

/**
 * Which proxies may say who the client is: `false` (none, the default), the number of proxies in
 * front of the app, or a list of their addresses and CIDR ranges.
 */
export type TrustProxy = false | number | readonly string[]

/** Most proxies that may be trusted in a row. */
export const PROXY_HOPS_MAX = 16

/** Tells the client's address from the socket's and `X-Forwarded-For`. */
export type ClientAddress = (
  socketAddress: string | undefined,
  forwardedFor: string | null,
) => string | undefined

/**
 * A reader of client addresses for a proxy policy. Throws a `TypeError` on an address it cannot
 * read.
 */
export function clientAddressReader(trust: TrustProxy): ClientAddress {
  const isTrusted = trustTest(trust)
  return (socketAddress, forwardedFor) => {
    let address = socketAddress === undefined ? undefined : addressIn(socketAddress)
    if (address === undefined || forwardedFor === null) return address
    const chain = forwardedFor.split(',')
    for (let hop = 0; hop < PROXY_HOPS_MAX && isTrusted(address, hop); hop += 1) {
      const claimed = chain.pop()
      const next = claimed === undefined ? undefined : addressIn(claimed.trim())
      if (next === undefined) return address
      address = next
    }
    return address
  }
}

function trustTest(trust: TrustProxy): (address: string, hop: number) => boolean {
  if (trust === false) return () => false
  if (typeof trust === 'number') return (_address, hop) => hop < trust
  const list = new BlockList()
  for (const one of trust) addRange(list, one)
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

function addRange(list: BlockList, range: string): void {
  const [base = '', bits, ...more] = range.split('/')
  const address = more.length > 0 ? undefined : canonicalAddress(base)
  if (address === undefined) throw new TypeError(`"${range}" is not an address or a CIDR range`)
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const widest = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? widest : Number(bits)
  if (!/^\d{1,3}$/.test(bits ?? '0') || prefix > widest) {
    throw new TypeError(`"${range}" is not an address or a CIDR range`)
  }
  list.addSubnet(address, prefix, family)
}

/** The address in what a proxy wrote: some (Azure's) add a port, and IPv6 may stand in brackets. */
function addressIn(text: string): string | undefined {
  const [, bracketed, bare] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(text) ?? []
  return canonicalAddress(bracketed ?? bare ?? text)
}

/**
 * One spelling for one address: IPv4-mapped as IPv4, no zone, lower case; undefined if it is none.
 */
export function canonicalAddress(text: string): string | undefined {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  const family = isIP(bare)
  if (family === 0) return undefined
  if (family === 4) return bare
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  return mapped?.[1] ?? address
}
