/** What a request says about its connection; undefined: nothing, and HTTP/1.1 keeps it open. */
export type ConnectionWish = 'close' | 'keep' | undefined

/** Of the header's value: a list of words in any case (`TE, Close`), where `close` outweighs all others. */
export function connectionWish(value: string | undefined): ConnectionWish {
  if (value === undefined) return undefined
  const words = value.toLowerCase().split(',')
  let wish: ConnectionWish
  for (const word of words) {
    const name = word.trim()
    if (name === 'close') return 'close'
    if (name === 'keep-alive') wish = 'keep'
  }
  return wish
}
