import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Listening } from './start-http.ts'

/** Avahi, which answers for `.local` names on Debian and its kin; it listens here for programs on the machine. */
const AVAHI = '/run/avahi-daemon/socket'

/** This machine's name for others in its network, such as `pi.local`; '' where nothing answers for it. */
export function multicastName(): string {
  return existsSync(AVAHI) ? `${hostname().split('.')[0]}.local` : ''
}

type Place = Pick<Listening, 'port' | 'tls' | 'baseUrl'>

/** The address that people type for one of this machine's names. */
export function addressFor(host: string, { port, tls, baseUrl }: Place): string {
  const shownPort = port === (tls ? 443 : 80) ? '' : `:${port}`
  return `${tls ? 'https' : 'http'}://${host}${shownPort}${baseUrl.path}`
}

/**
 * `origin`, by which somebody found the server, with `multicastName` in place of a number that may change; undefined where
 * it holds no such number (a name, or this machine's own), and without a name.
 */
export function multicastOrigin(origin: string, name = multicastName()): string | undefined {
  if (!URL.canParse(origin)) return undefined
  const url = new URL(origin)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (name === '' || isIP(host) === 0 || host === '::1' || host.startsWith('127.')) return undefined
  return origin.replace(url.host, url.port ? `${name}:${url.port}` : name)
}
