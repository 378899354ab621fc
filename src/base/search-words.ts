import { fold, plainSigns } from './text.ts'

/** Scripts written without spaces, whose characters are indexed one by one. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** A sign is indexed as a word of its own: this private character, which counts as a letter, and the sign's number. */
const SIGN = '\ue000'

const WORDS = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
const IN_A_WORD = /[\p{L}\p{N}\p{M}]/u
/** Signs that stand for themselves wherever they are; punctuation does so only where it is the whole name. */
const SYMBOL = /[\p{S}\p{Extended_Pictographic}]/u

/** Letters that are searched as one, beyond what makes names equal. */
const SEARCHED_AS: readonly (readonly [RegExp, string])[] = [
  [/ς/g, 'σ'],
  [/[þÞ]/g, 'th'],
  [/ð/g, 'd'],
  [/ħ/g, 'h'],
  // Arabic: final forms and the letters of Persian keyboards, lengthening strokes.
  [/ـ/g, ''],
  [/[ىیئ]/g, 'ي'],
  [/ک/g, 'ك'],
  [/ؤ/g, 'و'],
  [/ة/g, 'ه'],
  // India: the dot below, which many leave out, and the moon-dot for the plain one.
  [/[\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc]/g, ''],
  [/\u0901/g, '\u0902'],
  [/\u0981/g, '\u0982'],
]

function searchFold(text: string): string {
  const folded = plainSigns(fold(plainSigns(text))).replaceAll("'", '')
  return SEARCHED_AS.reduce((plain, [letters, one]) => plain.replace(letters, one), folded).normalize('NFC')
}

/**
 * The words of a text that is looked for: folded, punctuation gone, unspaced scripts one character a word. Of a text that
 * is all signs, the signs.
 */
export function searchWords(text: string): readonly string[] {
  const folded = searchFold(text)
  const words = wordsOf(folded)
  return words.length > 0 ? words : signsOf(folded, () => true)
}

/** The words that a text is found by: its own, its signs, and the spellings that people type for names with signs. */
export function indexWords(text: string): readonly string[] {
  const folded = searchFold(text)
  const own = wordsOf(folded)
  if (/^[\p{L}\p{N}\p{M} ]*$/u.test(folded) && !/\d/.test(folded)) return own
  const pieces = folded.split(' ')
  const signs = pieces.flatMap((piece) => signsOf(piece, (sign) => SYMBOL.test(sign) || !/[\p{L}\p{N}]/u.test(piece)))
  return [...own, ...signs, ...pieces.flatMap(spellings)]
}

function wordsOf(folded: string): string[] {
  return (folded.match(WORDS) ?? []).flatMap(splitUnspaced)
}

function splitUnspaced(chunk: string): string[] {
  if (!UNSPACED.test(chunk)) return [chunk]
  const words: string[] = []
  let run = ''
  // Syllables of Hangul by their letters, so that a half-typed one is found.
  for (const character of chunk.match(/\P{M}\p{M}*/gu) ?? []) {
    if (UNSPACED.test(character)) {
      if (run) words.push(run)
      run = ''
      words.push(...(/\p{Script=Hangul}/u.test(character) ? character.normalize('NFD') : [character]))
    } else run += character
  }
  if (run) words.push(run)
  return words
}

function signsOf(text: string, wanted: (sign: string) => boolean): string[] {
  return [...text]
    .filter((sign) => sign.trim() !== '' && !IN_A_WORD.test(sign) && wanted(sign))
    .map((sign) => SIGN + (sign.codePointAt(0) as number).toString(16))
}

/** Longer names with signs in them are no names. */
const MOST_SPELT = 40

/** Letters that signs and digits are drawn for, where letters are beside them. */
const DRAWN: Readonly<Record<string, string>> = {
  '€': 'e',
  '£': 'l',
  '¥': 'y',
  '@': 'a',
  '!': 'i',
  '¡': 'i',
  '†': 't',
  '×': 'x',
  '∆': 'd',
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
}

/** R.E.M. as rem, AC/DC as acdc, Ke$ha as kesha, P!nk as pink, deadmau5 as deadmaus. */
function spellings(piece: string): string[] {
  if (piece.length > MOST_SPELT || UNSPACED.test(piece)) return []
  const chunks = piece.match(WORDS) ?? []
  const joined = chunks.join('')
  const drawn = piece
    .replace(/(?<=\p{L})[€£¥@!¡†×∆](?=\p{L})/gu, (sign) => DRAWN[sign] as string)
    .replace(/\$(?=\p{L})|(?<=\p{L})\$/gu, 's')
  const plain = (drawn.match(WORDS) ?? []).join('')
  const letters = /^\p{L}+[013457][\p{L}013457]*$/u.test(plain) && (plain.match(/\p{L}/gu) ?? []).length >= 4
  const digits = letters ? [plain.replace(/[013457]/g, (digit) => DRAWN[digit] as string)] : []
  return [...(chunks.length > 1 ? [joined] : []), ...(plain === joined ? [] : [plain]), ...digits]
}

/** True of a character of a script that is written without spaces. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text)
}

/** True of the word that stands for a sign. */
export function isSign(word: string): boolean {
  return word.startsWith(SIGN)
}
