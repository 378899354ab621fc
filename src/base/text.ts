import { withoutAdornment } from './letter-marks.ts'

const ASCII = /^[\0-\x7f]*$/

/**
 * Case, adornment (see letter-marks.ts) and width folded away: equal texts are the same to a person, and different letters
 * stay different. For keys and comparison.
 */
export function fold(text: string): string {
  const plain = ASCII.test(text) ? text.toLowerCase() : foldLetters(text)
  return plain.replace(/\s+/g, ' ').trim()
}

/** Letters that Unicode doesn't take apart, as people write them on a keyboard that lacks them. */
const SPELT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ı: 'i',
}

function foldLetters(text: string): string {
  return withoutAdornment(text)
    .toLowerCase()
    .replace(/[ßæœøłđı]/g, (letter) => SPELT[letter] as string)
    .normalize('NFC')
}

/** Signs that differ from keyboard to keyboard and mean the same, by the one that all are written as. */
const SAME_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/[’‘‛ʼʻʽʹˈ′‵`´׳‹›]/g, "'"],
  [/[“”„‟«»″״]/g, '"'],
  [/[〜～∼]/g, '~'],
  [/[\p{Pd}−]/gu, '-'],
  [/[·•∙⋅・･]/g, '·'],
  [/[⁄∕]/g, '/'],
]

/** Not seen: soft hyphens, joiners, marks of direction. */
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Apostrophes, dashes, quotation marks and the like as one sign each, and what can't be seen taken away. */
export function plainSigns(text: string): string {
  if (ASCII.test(text)) return text
  return SAME_SIGNS.reduce((plain, [signs, sign]) => plain.replace(signs, sign), text.replace(UNSEEN, ''))
}
