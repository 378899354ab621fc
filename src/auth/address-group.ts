import { isIPv6 } from 'node:net'

/**
 * What counts as one address when failures are counted: an IPv4 address, or the /64 of an IPv6 one, since everybody
 * has 2^64 of those. IPv4 in IPv6 is IPv4. Anything else (a Unix socket's '') counts as it is.
 */
export function addressGroup(address: string): string {
  const bare = address.replace(/%.*$/, '')
  if (!isIPv6(bare)) return bare.slice(0, 64)
  const words = expand(bare)
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
  if (mapped) {
    const [high, low] = [words[6] ?? 0, words[7] ?? 0]
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  return `${words
    .slice(0, 4)
    .map((word) => word.toString(16))
    .join(':')}::/64`
}

/** The eight words of a valid address. */
function expand(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text = dotted
    ? dotted[1] +
      (Number(dotted[2]) * 256 + Number(dotted[3])).toString(16) +
      ':' +
      (Number(dotted[4]) * 256 + Number(dotted[5])).toString(16)
    : address
  const [head = '', tail] = text.split('::')
  const read = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)))
  const before = read(head)
  if (tail === undefined) return before
  const after = read(tail)
  return [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
}
