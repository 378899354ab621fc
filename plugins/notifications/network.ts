/**
 * The network of an address, by which logins are told apart: `203.0.113.0/24`, `2001:db8:1::/48`, and `local` for this
 * machine and the networks at home, where addresses are dealt out anew. '' for what is no address, such as a socket's.
 */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(bare)
  if (four) {
    const [a, b, c] = [Number(four[1]), Number(four[2]), Number(four[3])]
    const isLocal =
      a === 10 || a === 127 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254)
    return isLocal ? 'local' : `${a}.${b}.${c}.0/24`
  }
  if (!bare.includes(':')) return ''
  const [head = '', tail] = bare.toLowerCase().split('::')
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  const words = [...left, ...new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  if (bare === '::1' || /^f[cd]|^fe[89ab]/.test(words[0] ?? '')) return 'local'
  return `${words.slice(0, 3).join(':')}::/48`
}
