import { readFile } from 'node:fs/promises'
import { addressGroup, createNetworkMatcher } from '../base/address.ts'

const READ_EVERY_MS = 1000
const STALE_MS = 5000
const ESTABLISHED = '01'
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']

/**
 * How many connections an address (an IPv6 /64) has open. uWS does not tell whose connection has ended, so Linux is asked,
 * at most once a second, and only while there are more connections than one address may have. Elsewhere only those are
 * known that were opened within the last second.
 */
export class ConnectionCensus {
  readonly #most: number
  readonly #isExempt: (address: string) => boolean
  readonly #port: () => number
  #counts = new Map<string, number>()
  #since = new Map<string, number>()
  #readAt = Number.NEGATIVE_INFINITY
  #reading = false

  /** `most` of one address, 0 = no bound; `exempt` networks may have any number. */
  constructor(options: { readonly most: number; readonly exempt: readonly string[]; readonly port: () => number }) {
    this.#most = options.most
    this.#isExempt = createNetworkMatcher(options.exempt)
    this.#port = options.port
  }

  /** Whether a connection that was opened just now may stay; `total` counts all, it included. */
  admits(address: string, total: number): boolean {
    if (this.#most === 0 || total <= this.#most || this.#isExempt(address)) return true
    const group = addressGroup(address)
    const since = (this.#since.get(group) ?? 0) + 1
    this.#since.set(group, since)
    const age = performance.now() - this.#readAt
    if (age > READ_EVERY_MS && !this.#reading) void this.#read()
    const known = age < STALE_MS ? (this.#counts.get(group) ?? 0) : 0
    return known + since <= this.#most
  }

  async #read(): Promise<void> {
    this.#reading = true
    const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')))
    this.#counts = countAddresses(tables, this.#port())
    this.#since = new Map()
    this.#readAt = performance.now()
    this.#reading = false
  }
}

/** Lines such as `0: 0100007F:11B5 0200007F:C350 01 ...`: addresses in words of four bytes, the last byte first. */
function countAddresses(tables: readonly string[], port: number): Map<string, number> {
  const counts = new Map<string, number>()
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const [, local, remote, state] = line.trim().split(/\s+/)
    if (state !== ESTABLISHED || !remote || local?.split(':')[1] !== wanted) continue
    const group = addressGroup(readAddress(remote.split(':')[0] ?? ''))
    counts.set(group, (counts.get(group) ?? 0) + 1)
  }
  return counts
}

function readAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
  if (littleEndian) bytes.swap32()
  if (bytes.length === 4) return [...bytes].join('.')
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':')
}
