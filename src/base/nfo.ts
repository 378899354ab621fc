import sax from 'sax'
import { readings } from './decode-text.ts'
import { plainText } from './plain-text.ts'
import { withoutDeclarations } from './xml-declarations.ts'

/** What Kodi, Jellyfin and their like write beside the music. '' = not told. */
export interface Nfo {
  readonly name: string
  /** Without markup. */
  readonly text: string
  readonly musicBrainzId: string
}

interface Fields {
  readonly name: string
  readonly text: readonly string[]
  readonly musicBrainzId: string
}

const FIELDS: Readonly<Record<'artist' | 'album', Fields>> = {
  artist: { name: 'name', text: ['biography', 'outline'], musicBrainzId: 'musicbrainzartistid' },
  album: { name: 'title', text: ['review', 'outline'], musicBrainzId: 'musicbrainzalbumid' },
}
/** Kodi nests three deep; a parser that keeps thousands of open elements looks through all of them for each end tag. */
const MAX_DEPTH = 20
/** Characters of one field; more is cut off. */
const MAX_FIELD = 32_768
/** Markup that was not escaped. */
const BREAKS: ReadonlySet<string> = new Set(['p', 'br', 'div', 'li'])
/** Characters given to the parser at a time: one that goes too deep is given no more. */
const PART = 1024
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Reads `artist.nfo` and `album.nfo`: XML, often with unescaped signs, and with an address behind it. Entities that a file
 * declares itself are not expanded. Undefined for what is no such file; never throws.
 */
export function parseNfo(kind: 'artist' | 'album', bytes: Uint8Array): Nfo | undefined {
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  const declared = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]
  for (const text of readings(bytes, declared)) return read(FIELDS[kind], kind, text)
  return undefined
}

function read(fields: Fields, root: string, text: string): Nfo | undefined {
  const wanted = new Set([fields.name, ...fields.text, fields.musicBrainzId])
  const found = new Map<string, string>()
  const parser = sax.parser(false, { lowercase: true })
  let depth = 0
  let isOurs = false
  let field: string | undefined
  let isDeep = false
  parser.onopentag = ({ name }) => {
    depth++
    if (depth === 1) isOurs = !isOurs && found.size === 0 && name === root
    // The first of a name counts; others are of albums and the like.
    if (depth === 2) field = isOurs && wanted.has(name) && !found.has(name) ? name : undefined
    else if (BREAKS.has(name)) add('\n')
    isDeep = depth > MAX_DEPTH
  }
  parser.onclosetag = () => {
    if (depth === 2) field = undefined
    depth--
  }
  const add = (part: string) => {
    if (field === undefined) return
    const known = found.get(field) ?? ''
    if (known.length < MAX_FIELD) found.set(field, (known + part).slice(0, MAX_FIELD))
  }
  parser.ontext = add
  parser.oncdata = add
  // What it complains of is left out; what follows counts.
  parser.onerror = () => parser.resume()
  try {
    const written = withoutDeclarations(text)
    for (let at = 0; at < written.length && !isDeep; at += PART) parser.write(written.slice(at, at + PART))
    if (!isDeep) parser.close()
  } catch {
    // Read as far as it goes.
  }
  if (found.size === 0) return undefined
  const fieldOf = (name: string) => plainText(found.get(name) ?? '')
  const id = fieldOf(fields.musicBrainzId).toLowerCase()
  return {
    name: fieldOf(fields.name),
    text: fields.text.map(fieldOf).find((value) => value !== '') ?? '',
    musicBrainzId: UUID.test(id) ? id : '',
  }
}
