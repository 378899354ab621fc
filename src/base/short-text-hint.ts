/** Letters from which on Korean ones are no chance: Chinese texts of fewer may be read as nothing else. */
const KOREAN = 8
/** Share of kana, which no text of another language has. */
const JAPANESE = 0.3

type Decode = (encoding: string) => string | undefined

/**
 * What a text of a line or two in an Asian encoding is, by rules of the script, where there is too little of it for
 * frequencies. `decode`: undefined when the bytes are not valid in an encoding.
 */
export function shortTextHint(bytes: Uint8Array, decode: Decode): string | undefined {
  for (const encoding of ['euc-jp', 'shift_jis']) if (isJapanese(decode(encoding))) return encoding
  const korean = letters(decode('euc-kr'))
  if (korean.length >= KOREAN && korean.every((letter) => /\p{Script=Hangul}/u.test(letter))) return 'euc-kr'
  // Simplified texts have both bytes of a letter above 0xa0; the usual letters of traditional ones begin below 0xc7.
  const pairs = [...pairsOf(bytes)]
  const isTraditional =
    pairs.some(([, second]) => second < 0xa1) && pairs.every(([first]) => first >= 0xa1 && first < 0xc7)
  return isTraditional && decode('big5') !== undefined ? 'big5' : undefined
}

function isJapanese(text: string | undefined): boolean {
  const all = letters(text)
  const kana = all.filter((letter) => /[\u3041-\u30ff]/.test(letter)).length
  return kana > 1 && kana >= all.length * JAPANESE
}

function letters(text: string | undefined): readonly string[] {
  return text?.match(/[^\0-\x7f]/gu)?.filter((letter) => /\p{L}/u.test(letter)) ?? []
}

function* pairsOf(bytes: Uint8Array): Iterable<readonly [number, number]> {
  for (let at = 0; at + 1 < bytes.length; at++) {
    const first = bytes[at] as number
    if (first >= 0x80) yield [first, bytes[++at] as number]
  }
}
