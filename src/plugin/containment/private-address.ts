import { BlockList, isIP } from 'node:net'

/** IPv4: this machine, local networks, multicast, and ranges for special uses. */
const SPECIAL_IPV4 = listOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
])
/** IPv6: what is routed in the world. */
const WORLD_IPV6 = listOf('ipv6', [['2000::', 3]])
/** Inside of that: special uses, documentation, and forms that carry an IPv4 address of anybody. */
const SPECIAL_IPV6 = listOf('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

function listOf(family: 'ipv4' | 'ipv6', networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family)
  return list
}

/** True for addresses that are not of the public Internet, and for what is no address. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return SPECIAL_IPV4.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return true
  return !WORLD_IPV6.check(address, 'ipv6') || SPECIAL_IPV6.check(address, 'ipv6')
}

const LOCAL_NAME = /^[^.]+$|\.(local|localhost|lan|home|internal|home\.arpa)$/

/** Names that only a local network gives: no owner of a public domain can point them anywhere. */
export function isLocalName(host: string): boolean {
  return LOCAL_NAME.test(host)
}
