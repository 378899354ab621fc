import { networkInterfaces } from 'node:os'
import { addressFor, multicastName } from '../http/multicast-name.ts'

export interface ListeningAt {
  /** A socket's path instead of host and port. */
  readonly socket?: string
  readonly host?: string
  readonly port?: number
  readonly tls: boolean
  readonly baseUrl: { readonly origin: string; readonly path: string }
}

/** The addresses that a person may type into a client, the likeliest first. `name`: see `multicastName`. */
export function clientAddresses(
  at: ListeningAt,
  interfaces = networkInterfaces(),
  name = multicastName(),
): readonly string[] {
  const { origin, path } = at.baseUrl
  const addresses = origin ? [origin + path] : []
  if (at.socket !== undefined || at.host === undefined || at.port === undefined) return addresses
  return [...addresses, ...hostsOf(at.host, interfaces, name).map((host) => addressFor(host, at))]
}

/** Bridges of containers and virtual machines: nobody else reaches those. */
const VIRTUAL = /^(docker|br-|veth|virbr|lxc)/

/** Listening everywhere means each address of this machine; link-local ones need a zone, which clients don't take. */
function hostsOf(host: string, interfaces: ReturnType<typeof networkInterfaces>, name: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host.includes(':') ? `[${host}]` : host]
  const all = Object.entries(interfaces).flatMap(([name, list]) => (VIRTUAL.test(name) ? [] : (list ?? [])))
  const lan = all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address)
  const lan6 = all
    .filter(
      ({ internal, family, address }) => host === '::' && !internal && family === 'IPv6' && !address.startsWith('fe80'),
    )
    .map(({ address }) => `[${address}]`)
  return [...lan, ...lan6, ...(name ? [name] : []), 'localhost']
}

export interface BannerFacts {
  readonly version: string
  readonly addresses: readonly string[]
  readonly socket: string | undefined
  readonly data: string
  readonly libraries: readonly { readonly name: string; readonly path: string }[]
  /** Only right after the first start. */
  readonly admin: { readonly name: string; readonly password: string } | undefined
}

/** What a person at the terminal sees when the server is up. */
export function banner(facts: BannerFacts): string {
  const { admin, socket } = facts
  const [first, ...others] = facts.addresses
  return [
    '',
    `  Tonearm ${facts.version} is listening.`,
    '',
    ...(first ? [`  Address for your client:  ${first}`] : []),
    ...others.map((address) => `                            ${address}`),
    ...(socket ? [`  Socket:                   ${socket}`] : []),
    ...(admin
      ? ['', `  User:                     ${admin.name}`, `  Password:                 ${admin.password}`]
      : []),
    ...(admin ? ['', '  This password is shown only now. To choose another: tonearm user passwd admin'] : []),
    '',
    ...facts.libraries.map(({ name, path }) => `  Music:                    ${path} (${name})`),
    `  Data:                     ${facts.data}`,
    '',
    '  Stop with Ctrl+C.',
    '',
  ].join('\n')
}
