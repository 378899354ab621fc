/** Case, accents and width folded away: equal texts are the same to a person. For keys and comparison. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/æ/g, 'ae')
    .replace(/œ/g, 'oe')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/đ/g, 'd')
    .replace(/ı/g, 'i')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Scripts written without spaces, whose characters are indexed one by one. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** The words of a text as the search index stores them: folded, punctuation gone, unspaced scripts one character a word. */
export function searchWords(text: string): readonly string[] {
  const words: string[] = []
  for (const chunk of fold(text.replace(/['’`´]/g, '')).match(/[\p{L}\p{N}]+/gu) ?? []) {
    let run = ''
    for (const character of chunk) {
      if (UNSPACED.test(character)) {
        if (run) words.push(run)
        run = ''
        words.push(character)
      } else run += character
    }
    if (run) words.push(run)
  }
  return words
}

export function isUnspaced(word: string): boolean {
  return UNSPACED.test(word)
}
