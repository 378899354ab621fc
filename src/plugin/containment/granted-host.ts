import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPrivateAddress } from '../../base/address.ts'
import { AppError } from '../../base/errors.ts'

/**
 * What was granted, as hosts behind `net:`. `api.example.org`, `*.example.org` and `*` reach public addresses, whatever
 * their owners let them resolve to. A private address is reached by naming it (`192.168.1.5`), by a name that only a local
 * network gives (`nas`, `nas.local`), or by `private:nas.example.org`.
 */
export function grantOf(hosts: readonly string[], host: string): 'none' | 'public' | 'any' {
  const name = host.toLowerCase()
  const named = (granted: string) => bare(granted.toLowerCase()) === name
  if (hosts.some((granted) => granted.startsWith('private:') && named(granted.slice('private:'.length)))) return 'any'
  const exact = hosts.some(named)
  if (exact && (isIP(name) !== 0 || isLocalName(name))) return 'any'
  const wide = hosts.some(
    (granted) => granted === '*' || (granted.startsWith('*.') && name.endsWith(granted.slice(1).toLowerCase())),
  )
  return exact || wide ? 'public' : 'none'
}

export interface NetworkGrant {
  readonly plugin: string
  /** What stands behind `net:` in the permissions. */
  readonly hosts: readonly string[]
}

/**
 * Looks a host up when the connection is made, so that a name which resolves anew can't slip through: only addresses that
 * the grant opens are answered. Throws PERMISSION_DENIED for a host that no grant names, with what would open it.
 */
export function admitHost(
  { plugin, hosts }: NetworkGrant,
  hostname: string,
): { readonly host: string; readonly lookup: LookupFunction } {
  const host = bare(hostname)
  const denied = (why: string) =>
    new AppError('PERMISSION_DENIED', `plugin ${plugin} may not reach ${hostname}: ${why}`)
  const grant = grantOf(hosts, host)
  if (grant === 'none') throw denied(`it needs the permission net:${host}`)
  // No name is looked up for an address.
  if (grant === 'public' && isIP(host) !== 0 && isPrivateAddress(host))
    throw denied('a private address must be granted by itself')
  return {
    host,
    lookup(name, options, callback) {
      lookup(name, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, '')
        const open = addresses.filter(({ address }) => grant === 'any' || !isPrivateAddress(address))
        const first = open[0]
        if (!first) return callback(denied('it resolves to a private address, which must be granted by itself'), '')
        if (options.all) (callback as unknown as (error: null, list: LookupAddress[]) => void)(null, open)
        else callback(null, first.address, first.family)
      })
    },
  }
}

const LOCAL_NAME = /^[^.]+$|\.(local|localhost|lan|home|internal|home\.arpa)$/

/** Names that only a local network gives: no owner of a public domain can point them anywhere. */
function isLocalName(host: string): boolean {
  return LOCAL_NAME.test(host)
}

/** Without the brackets of an IPv6 address. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
