import { isSign, isUnspaced, searchWords } from '../base/search-words.ts'

/** More words than that narrow nothing and only cost. */
const MOST_WORDS = 12
/** Words of one phrase; what follows is a phrase of its own. */
const MOST_IN_PHRASE = 32
/**
 * Characters of a query that are looked at; nobody types more. Folding costs by the character and would hold up everybody:
 * a body may be 10 MiB.
 */
const MOST_CHARACTERS = 500

/** A user's text as FTS5 queries, from loose to strict. Words are letters and digits alone, so nothing needs an escape. */
export interface MatchQuery {
  /** Every word anywhere, each as the beginning of a word. */
  readonly loose: string
  /** The same, all in the first column (title or name). */
  readonly inName: string
  /** Whole words, all in the first column. */
  readonly exact: string
}

/** The empty query, also as two quotation marks: everything is meant. */
export function isEverything(query: string): boolean {
  if (query.length > MOST_CHARACTERS) return false
  return query.trim() === '' || query.trim() === '""'
}

/** Signs count where the query holds nothing else. Undefined when nothing is left: nothing can match. `name` is the first column of the index. */
export function matchQuery(query: string, name: string): MatchQuery | undefined {
  const all = query.slice(0, MOST_CHARACTERS).split(/\s+/).flatMap(termsOf)
  // The dash between an artist and a title is nothing that anybody looks for.
  const words = all.filter(({ sign }) => !sign)
  const terms = (words.length > 0 ? words : all).slice(0, MOST_WORDS)
  if (terms.length === 0) return undefined
  const loose = terms.map((term) => (term.whole ? `"${term.text}"` : `"${term.text}"*`)).join(' AND ')
  const exact = terms.map((term) => `"${term.text}"`).join(' AND ')
  return { loose, inName: `{${name}} : (${loose})`, exact: `{${name}} : (${exact})` }
}

interface Term {
  readonly text: string
  /** A phrase of single characters matches as it is; a word also as a beginning. */
  readonly whole: boolean
  /** Made of signs alone. */
  readonly sign: boolean
}

/** Neighbouring characters of a script without spaces were indexed one by one: together they are a phrase. */
function termsOf(piece: string): Term[] {
  const terms: { text: string; whole: boolean; sign: boolean; length: number }[] = []
  for (const word of searchWords(piece)) {
    const sign = isSign(word)
    const whole = sign || isUnspaced(word)
    const last = terms.at(-1)
    if (whole && last?.whole && last.length < MOST_IN_PHRASE) {
      last.text += ` ${word}`
      last.length++
    } else terms.push({ text: word, whole, sign, length: 1 })
  }
  return terms
}
