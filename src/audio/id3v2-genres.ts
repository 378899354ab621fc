/**
 * The genres in a value of ID3's TCON: numbers and the two short names in parentheses, any count of them, then a name that
 * refines them; two opening parentheses stand for one (id3.org, "ID3 tag version 2.3.0", 4.2.1).
 * @returns numbers as digits, `(RX)`, `(CR)`, and names.
 */
export function id3Genres(value: string): readonly string[] {
  const genres: string[] = []
  let rest = value.trim()
  for (let code = CODE.exec(rest); code; code = CODE.exec(rest)) {
    const name = code[1] as string
    genres.push(/^\d/.test(name) ? name : `(${name.toUpperCase()})`)
    rest = rest.slice(code[0].length).trim()
  }
  if (rest.startsWith('((')) rest = rest.slice(1)
  return rest === '' ? genres : [...genres, rest]
}

const CODE = /^\((\d{1,3}|RX|CR)\)/i
