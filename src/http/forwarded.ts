import { isIP } from 'node:net'
import { createNetworkMatcher, normalizeAddress } from '../base/address.ts'

export interface ClientInfo {
  readonly address: string
  /** Scheme, host and base path as the client sees them. */
  readonly origin: string
}

export interface ClientResolverOptions {
  readonly trustedProxies: readonly string[]
  readonly scheme: 'http' | 'https'
  readonly basePath: string
  /** `host:port` for requests whose Host header is missing or no host. */
  readonly fallbackHost: () => string
}

/** One hop of a forwarding chain; what the proxy did not say is absent. */
interface Hop {
  readonly address: string | undefined
  readonly scheme: string | undefined
  readonly host: string | undefined
}

export type ClientResolver = (peer: string | undefined, headers: Readonly<Record<string, string>>) => ClientInfo

/**
 * Tells who asks and under which address the client knows us. Forwarding headers count only when the socket's peer is a
 * trusted proxy (`peer` undefined: a Unix socket, whose file mode decides who may speak); then the client is the
 * rightmost address that is none. Throws CONFIG_INVALID for an unreadable proxy.
 */
export function createClientResolver(options: ClientResolverOptions): ClientResolver {
  const trusts = createNetworkMatcher(options.trustedProxies)
  const { scheme, basePath } = options
  /** Of the last valid Host header: it hardly ever is another one. */
  let last = { host: '', origin: '' }
  function ownOrigin(host: string | undefined): string {
    if (host !== undefined && host === last.host) return last.origin
    const valid = validHost(host)
    const origin = `${scheme}://${valid ?? options.fallbackHost()}${basePath}`
    if (valid !== undefined) last = { host: valid, origin }
    return origin
  }
  return (peer, headers) => {
    const address = peer === undefined ? '127.0.0.1' : normalizeAddress(peer)
    if (peer !== undefined && !trusts(address)) return { address, origin: ownOrigin(headers.host) }
    const hops = headers.forwarded ? readForwarded(headers.forwarded) : readLegacy(headers)
    const { client, hop } = walk(hops, address, trusts)
    const seenScheme = hop?.scheme === 'https' || hop?.scheme === 'http' ? hop.scheme : scheme
    const host = validHost(hop?.host) ?? validHost(headers.host) ?? options.fallbackHost()
    const prefix = validPrefix(headers['x-forwarded-prefix'])
    // A proxy that takes the base path away tells it (Traefik): that is one and the same path.
    return { address: client, origin: `${seenScheme}://${host}${prefix === basePath ? '' : prefix}${basePath}` }
  }
}

/** From our end towards the client, as long as each hop was added by a proxy that we trust. */
function walk(hops: readonly Hop[], peer: string, trusts: (address: string) => boolean): { client: string; hop?: Hop } {
  let client = peer
  let found: Hop | undefined
  for (let index = hops.length - 1; index >= 0; index--) {
    const hop = hops[index] as Hop
    found = hop
    if (hop.address === undefined) break
    client = hop.address
    if (!trusts(client)) break
  }
  return found ? { client, hop: found } : { client }
}

function readLegacy(headers: Readonly<Record<string, string>>): readonly Hop[] {
  const addresses = splitList(headers['x-forwarded-for'])
  const schemes = splitList(headers['x-forwarded-proto'])
  const hosts = splitList(headers['x-forwarded-host'])
  const count = Math.max(addresses.length, schemes.length > 0 || hosts.length > 0 ? 1 : 0)
  // Proxies append or overwrite as they like: the lists are laid side by side from our end, a short one is stretched.
  const at = (list: readonly string[], index: number) => list[Math.max(0, list.length - (count - index))]
  return Array.from({ length: count }, (_, index) => ({
    address: readNode(addresses[index]),
    scheme: at(schemes, index)?.toLowerCase(),
    host: at(hosts, index),
  }))
}

/** RFC 7239. A quote that a client left open would swallow what the proxy added: then nothing of it is believed. */
function readForwarded(text: string): readonly Hop[] {
  if (!/^(?:[^"]|"(?:[^"\\]|\\.)*")*$/.test(text)) return []
  return splitQuoted(text, ',').map((element) => {
    const fields = new Map<string, string>()
    for (const pair of splitQuoted(element, ';')) {
      const match = /^\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))\s*$/.exec(pair)
      if (match) fields.set((match[1] as string).toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '')
    }
    return {
      address: readNode(fields.get('for')),
      scheme: fields.get('proto')?.toLowerCase(),
      host: fields.get('host'),
    }
  })
}

/** An address with or without port and brackets; `unknown` and hidden names are none. */
function readNode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)
  const address = match ? (match[1] as string) : text
  return isIP(address) === 0 ? undefined : normalizeAddress(address)
}

function splitList(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').map((part) => part.trim())
}

function splitQuoted(text: string, separator: ',' | ';'): readonly string[] {
  const pattern = separator === ',' ? /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g : /(?:"(?:[^"\\]|\\.)*"|[^;"])+/g
  return text.match(pattern) ?? []
}

/** A name or address with an optional port; anything else could smuggle markup or another host into links. */
function validHost(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 255) return undefined
  return /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(text)
    ? text
    : undefined
}

function validPrefix(text: string | undefined): string {
  if (text === undefined || text.length > 255) return ''
  return /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\/?$/.test(text) ? text.replace(/\/$/, '') : ''
}
