export interface M3u {
  /** `#PLAYLIST:`; '' = none. */
  readonly name: string
  /** Paths as written, addresses of `file://` decoded; other addresses are left out. */
  readonly entries: readonly string[]
}

const MAX_ENTRIES = 50_000

/** Reads a playlist. Text that is no UTF-8 is Latin-1, as old players wrote it. */
export function parseM3u(bytes: Uint8Array): M3u {
  const text = decode(bytes)
  let name = ''
  const entries: string[] = []
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || entries.length >= MAX_ENTRIES) continue
    if (line.startsWith('#')) {
      const title = /^#PLAYLIST:\s*(.+)$/i.exec(line)
      if (title && name === '') name = (title[1] as string).trim()
      continue
    }
    const entry = toPath(line)
    if (entry) entries.push(entry)
  }
  return { name, entries }
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
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
