import { decodeText } from '../base/decode-text.ts'

export interface M3u {
  /** `#PLAYLIST:`; '' = none. */
  readonly name: string
  /** Paths as written, addresses of `file://` decoded; other addresses are left out. */
  readonly entries: readonly string[]
}

const MAX_ENTRIES = 50_000

/** Reads a playlist, in whatever encoding a player wrote it. */
export function parseM3u(bytes: Uint8Array): M3u {
  const text = decodeText(bytes)
  let name = ''
  const entries: string[] = []
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || entries.length >= MAX_ENTRIES) continue
    if (line.startsWith('#')) {
      if (/^#PLAYLIST:/i.test(line)) name ||= line.slice('#PLAYLIST:'.length).trim()
      continue
    }
    const entry = toPath(line)
    if (entry) entries.push(entry)
  }
  return { name, entries }
}

function toPath(line: string): string | undefined {
  if (/^file:/i.test(line)) {
    const path = line.replace(/^file:(\/\/[^/]*)?/i, '')
    return percentDecoded(path).replace(/^\/([a-z]:)/i, '$1')
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(line)) return undefined
  return line
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
