/** Addresses as the server gives them: IPv4 in dots, IPv6 in any of its forms, '' for a Unix socket. */

/** 32 or 128 signs `0` and `1`; IPv4 inside IPv6 is IPv4; '' for what is no address. */
export function bitsOf(address: string): string {
  const words = wordsOf(address)
  const bits = words.map((word) => word.toString(2).padStart(16, '0')).join('')
  return bits.length === 128 && bits.startsWith(MAPPED) ? bits.slice(MAPPED.length) : bits
}

const MAPPED = '0'.repeat(80) + '1'.repeat(16)

/** What counts as one visitor: an IPv4 address, or the /64 of an IPv6 one, since everybody has 2^64 of those. */
export function addressGroup(address: string): string {
  const bits = bitsOf(address)
  return bits.length === 128 ? bits.slice(0, 64) : bits || address.slice(0, 64)
}

/** To a /24 or /48: enough to tell visitors apart, too little to find one. */
export function truncatedAddress(address: string): string {
  const bits = bitsOf(address)
  if (bits.length === 32) return `${[0, 8, 16].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)).join('.')}.0/24`
  if (bits === '') return ''
  return `${[0, 16, 32].map((at) => Number.parseInt(bits.slice(at, at + 16), 2).toString(16)).join(':')}::/48`
}

/** 2 or 8 words of 16 bits; [] for what is no address. */
function wordsOf(address: string): readonly number[] {
  const bare = address.replace(/%.*$/, '')
  if (!bare.includes(':')) return dotted(bare) ?? []
  const tail = /^(.*:)(\d+(?:\.\d+){3})$/.exec(bare)
  const last = tail ? dotted(tail[2] ?? '') : []
  if (!last) return []
  const text = tail ? `${tail[1]}${last.map((word) => word.toString(16)).join(':')}` : bare
  const halves = text.split('::')
  if (halves.length > 2) return []
  const [head = [], rest] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const zeros = rest === undefined ? 0 : 8 - head.length - rest.length
  if (zeros < 0 || (rest !== undefined && zeros === 0)) return []
  const words = [...head, ...Array<string>(zeros).fill('0'), ...(rest ?? [])]
  return words.length === 8 && words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))
    ? words.map((word) => Number.parseInt(word, 16))
    : []
}

function dotted(text: string): readonly number[] | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (!parts || parts.some((part) => part > 255)) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = parts
  return [a * 256 + b, c * 256 + d]
}
