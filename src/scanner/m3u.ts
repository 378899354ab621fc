import { decodeText, readings } from '../base/decode-text.ts'

export interface M3u {
  /** `#PLAYLIST:`; '' = none. */
  readonly name: string
  /** Paths and addresses of `file:` as written; other addresses are left out. */
  readonly entries: readonly string[]
}

const MAX_ENTRIES = 50_000
const HEAD_BYTES = 4096

/** Entries by which readings are told apart. */
const SAMPLE = 40

/**
 * Reads a playlist, in whatever encoding a player wrote it: where it may be one of several, that counts in which most
 * entries exist.
 */
export function readM3u(bytes: Uint8Array, exists: (entry: string) => boolean): M3u {
  let best: { readonly list: M3u; readonly found: number } | undefined
  for (const text of readings(bytes, declaredEncoding(bytes))) {
    const list = parseM3u(text)
    // The same in all encodings is what is plain ASCII.
    const telling = list.entries.filter((entry) => /[^\0-\x7f]/.test(entry)).slice(0, SAMPLE)
    const found = telling.filter(exists).length
    if (!best || found > best.found) best = { list, found }
    if (found === telling.length) break
  }
  return best?.list ?? { name: '', entries: [] }
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1')
  return /^#EXTENC:[ \t]*([\w-]{2,30})/im.exec(head)?.[1]
}

function parseM3u(text: string): M3u {
  let name = ''
  const entries: string[] = []
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || entries.length >= MAX_ENTRIES) continue
    if (line.startsWith('#')) {
      if (/^#PLAYLIST:/i.test(line)) name ||= line.slice('#PLAYLIST:'.length).trim()
    } else if (/^file:/i.test(line) || !/^[a-z][a-z0-9+.-]+:\/\//i.test(line)) entries.push(line)
  }
  return { name, entries }
}

/**
 * The paths that an entry may mean, best first: as it is written, with `/` for each `\`, with the bytes that percent signs
 * stand for, and both.
 */
export function pathsOfEntry(entry: string): readonly string[] {
  const isAddress = /^file:/i.test(entry)
  const path = isAddress ? entry.replace(/^file:(\/\/[^/\\]*)?/i, '').replace(/^\/([a-z]:)/i, '$1') : entry
  const decoded = percentDecoded(path)
  const written = isAddress ? [decoded, path] : [path, decoded]
  return [...new Set(written.flatMap((one) => [one, one.replaceAll('\\', '/')]))]
}

function percentDecoded(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text
  const bytes = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return decodeText(Buffer.from(bytes, 'latin1'))
}
