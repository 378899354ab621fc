/**
 * Which combining marks make another letter, and which only adorn one. A mark is judged by the character that it stands
 * on, as the same sign means different things in different scripts:
 *
 * - Latin, Greek and everything else that has no line below: adornment (Motörhead is Motorhead).
 * - Cyrillic: a breve, a diaeresis or a macron makes a letter (й, ї, ӯ), as does an acute on г and к; not so on е, which
 *   is written for ё everywhere, nor a stress mark on a vowel.
 * - Hebrew and Syriac: points and accents are adornment.
 * - Arabic: vowel signs are adornment, and so is what stands on alef, since people write أ, إ and آ with and without it;
 *   hamza on other letters (ؤ, ئ, ۀ) makes a letter.
 * - Scripts that write vowels, tones or voicing by marks (those of India and Southeast Asia, Tibetan, Thaana, N'Ko, kana):
 *   every mark is a part of the word.
 */
const WRITTEN_BY_MARKS =
  /^[\u0780-\u07bf\u07c0-\u07ff\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1700-\u17ff\u1900-\u1a1f\u1a20-\u1aaf\u1b00-\u1c4f\u3040-\u30ff\ua800-\ua82f\ua880-\ua8df\ua900-\ua9df\uaa00-\uaaff\uabc0-\uabff\uff66-\uff9d\u{10a00}-\u{10a5f}\u{11000}-\u{11fff}]/u
const CYRILLIC = /^\p{Script=Cyrillic}/u
const ARABIC = /^\p{Script=Arabic}/u

/** Adornment on whatever it stands: enclosing signs, variation selectors, joiners of graphemes, musical and other accents. */
const NEVER_A_LETTER =
  /\p{Me}|\u034f|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]|[\ufe00-\ufe2f]|[\u{e0100}-\u{e01ef}]/u

const BREVE = '\u0306'
const DIAERESIS = '\u0308'
const MACRON = '\u0304'
const ACUTE = '\u0301'

function makesCyrillic(base: string, mark: string): boolean {
  if (mark === BREVE || mark === MACRON) return true
  if (mark === DIAERESIS) return !/[еЕ]/.test(base)
  return mark === ACUTE && /[гкГК]/.test(base)
}

const HAMZA = /[\u0654\u0655]/
const ALEF = '\u0627'

function makesLetter(base: string, mark: string): boolean {
  if (NEVER_A_LETTER.test(mark)) return false
  if (WRITTEN_BY_MARKS.test(base)) return true
  if (CYRILLIC.test(base)) return makesCyrillic(base, mark)
  if (ARABIC.test(base)) return base !== ALEF && HAMZA.test(mark)
  return false
}

/** Of so many marks in a row the rest is cut: putting them in order costs by the square, and no letter has more. */
const LONG_RUNS = /(\p{M}{32})\p{M}+/gu

/** The text in NFKD without the marks that only adorn. */
export function withoutAdornment(text: string): string {
  return text
    .replace(LONG_RUNS, '$1')
    .normalize('NFKD')
    .replace(/(\P{M}?)(\p{M}+)/gu, (_, base: string, marks: string) =>
      [base, ...[...marks].filter((mark) => makesLetter(base, mark))].join(''),
    )
}
