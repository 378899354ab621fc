/**
 * Texts come from tags, names and other people: nothing in them may end a line of a protocol, and each receiver takes only
 * so much.
 */

/** One line: control characters and what parts lines become a space. Never '' unless there is nothing to show. */
export function lineOf(text: string): string {
  return wellFormed(text)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

/** Lines parted by `\n`, without other control characters. */
export function linesOf(text: string): string {
  return wellFormed(text)
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim()
}

/** Half a letter (a surrogate without its other half) can't be written as UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** At most so many bytes of UTF-8, cut between letters, with `…` where something is missing. */
export function clip(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const mark = '…'
  const room = maxBytes - Buffer.byteLength(mark)
  if (room < 0) return ''
  const bytes = Buffer.from(text)
  let end = room
  // Back to the first byte of a letter.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  // What belongs to the letter before goes with it: accents, joiners, skin tones, flags are harmless in halves.
  return bytes.toString('utf8', 0, end).replace(/[\u200d\ufe0f\s]+$/u, '') + mark
}

/**
 * JSON of at most `maxBytes`: of a text that does not fit as much is left as does. `build` is called with ever shorter texts.
 */
export function fitJson(text: string, maxBytes: number, build: (text: string) => unknown): string {
  let json = JSON.stringify(build(text))
  let room = Buffer.byteLength(text)
  while (Buffer.byteLength(json) > maxBytes && room > 0) {
    // Escapes make a text longer, so what is too much in JSON is at most that much in the text.
    const over = Buffer.byteLength(json) - maxBytes
    room = Math.max(0, Math.min(room - Math.ceil(over / 6), Math.floor(room * 0.9)))
    json = JSON.stringify(build(clip(text, room)))
  }
  return json
}
