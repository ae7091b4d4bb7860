import { BlockList, isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What the addresses of callers are looked up in. */
export interface AddressList {
  /** Whether an address, as a socket gives it, is in the list. */
  readonly has: (address: string | undefined) => boolean
}

const PREFIX = /^\d{1,3}$/

/**
 * A list of addresses and CIDR blocks (`10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`); bits beyond a
 * prefix do not count. An IPv4 address inside IPv6 is looked up as IPv4. Throws a `TypeError` that
 * names the entry which is neither.
 */
export function addressList(entries: readonly string[]): AddressList {
  const list = new BlockList()
  for (const entry of entries) addEntry(list, entry)
  return {
    has(address) {
      const bare = address?.replace(/%.*$/, '') ?? ''
      if (!ipaddr.isValid(bare)) return false
      const one = ipaddr.process(bare).toString()
      return list.check(one, isIPv4(one) ? 'ipv4' : 'ipv6')
    },
  }
}

function addEntry(list: BlockList, entry: string): void {
  const [base = '', bits, ...more] = entry.split('/')
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(base) || ipaddr.IPv6.isValid(base)
  const family = isIPv4(base) ? 'ipv4' : 'ipv6'
  const widest = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? widest : PREFIX.test(bits) ? Number(bits) : Number.NaN
  if (!isAddress || base.includes('%') || more.length > 0 || !(prefix <= widest)) {
    throw new TypeError(`"${entry}" is neither an address nor a CIDR block`)
  }
  list.addSubnet(base, prefix, family)
}
