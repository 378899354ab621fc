import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from './errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** What is routed in the world, as far as it is given out. */
const WORLD: [Address, number] = [ipaddr.IPv6.parse('2000::'), 3]

/** IPv6 in its short form and without a zone; IPv4 inside IPv6 as IPv4. Texts that are no address come back unchanged. */
export function normalizeAddress(text: string): string {
  return text.includes(':') ? (readAddress(text)?.toString() ?? text) : text
}

/**
 * What counts as one address when requests or failures are counted: an IPv4 address, or the /64 of an IPv6 one
 * (`2001:db8:0:1::/64`), since everybody has 2^64 of those. Anything else (a Unix socket's '') counts as it is, cut to 64
 * characters.
 */
export function addressGroup(address: string): string {
  const read = address.includes(':') ? readAddress(address) : undefined
  if (!read) return address.slice(0, 64)
  return read instanceof ipaddr.IPv6 ? networkOf(read, 4) : read.toString()
}

/** To a /24 or /48: enough to tell visitors apart, too little to find one; '' for what is no address. */
export function truncatedAddress(address: string): string {
  const read = readAddress(address)
  if (!read) return ''
  return read instanceof ipaddr.IPv6 ? networkOf(read, 3) : `${read.octets.slice(0, 3).join('.')}.0/24`
}

/** True on this machine and in the networks at home: loopback, RFC 1918, unique local and link-local addresses. */
export function isLocalAddress(address: string): boolean {
  const range = readAddress(address)?.range()
  return range === 'loopback' || range === 'private' || range === 'uniqueLocal' || range === 'linkLocal'
}

/** True on this machine alone. */
export function isLoopbackAddress(address: string): boolean {
  return readAddress(address)?.range() === 'loopback'
}

/** True for addresses that are not of the public Internet, for IPv6 that carries an IPv4 one, and for what is no address. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return true
  const read = readAddress(address)
  if (read?.range() !== 'unicast') return true
  return address.includes(':') && !(read instanceof ipaddr.IPv6 && read.match(WORLD))
}

/** Whether a text is an address (`::1`) or a network (`10.0.0.0/8`). */
export function isNetwork(text: string): boolean {
  return readNetwork(text) !== undefined
}

/**
 * Tells whether an address is in one of the networks. IPv6 ones hold no IPv4 addresses: `::/0` is not everybody.
 * Throws CONFIG_INVALID for what is neither an address nor a network.
 */
export function createNetworkMatcher(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map((text) => {
    const network = readNetwork(text)
    if (!network) throw new AppError('CONFIG_INVALID', `'${text}' is no address and no range such as 10.0.0.0/8`)
    return network
  })
  return (address) => {
    const read = ranges.length > 0 ? readAddress(address) : undefined
    return read !== undefined && ranges.some((range) => range[0].kind() === read.kind() && read.match(range))
  }
}

function readNetwork(text: string): [Address, number] | undefined {
  const [base = '', length, ...rest] = text.split('/')
  const address = readAddress(base)
  if (!address || rest.length > 0) return undefined
  const most = address instanceof ipaddr.IPv6 ? 128 : 32
  if (length === undefined) return [address, most]
  // Of IPv4 in IPv6 the first 96 bits say just that.
  const bits = /^\d{1,3}$/.test(length) ? Number(length) - (most === 32 && base.includes(':') ? 96 : 0) : -1
  return bits >= 0 && bits <= most ? [address, bits] : undefined
}

/** Without its zone; IPv4 inside IPv6 is IPv4. The library alone would also take `127.1`, `0x7f.1` and octal numbers. */
function readAddress(text: string): Address | undefined {
  const family = isIP(text)
  if (family === 0) return undefined
  if (family === 4) return ipaddr.IPv4.parse(text)
  const bare = text.replace(/%.*$/, '')
  const address = ipaddr.IPv6.parse(bare)
  // The library takes the forgotten form `::192.0.2.1` for a mapped address as well.
  if (address.parts[5] === 0xffff && !/ffff/i.test(bare)) address.parts[5] = 0
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** The first words of an IPv6 address as a network. */
function networkOf({ parts }: ipaddr.IPv6, words: number): string {
  const start = parts.slice(0, words).map((word) => word.toString(16))
  return `${start.join(':')}::/${words * 16}`
}
