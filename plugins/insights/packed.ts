/**
 * Roll-ups in few bytes: numbers of 7 bits a byte, the higher bits first to come last. A day or a month of one listener
 * is one row, so that a year is a few hundred short reads and a new play changes a handful of pages.
 */
export class PackedWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  /** A whole number from 0. */
  number(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

export class PackedReader {
  #at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#at++] ?? 0
      if (byte < 128) return value + byte * factor
      value += (byte - 128) * factor
      factor *= 128
    }
  }
}

export type Kind = 0 | 1 | 2 | 3
/** As they stand in tables and in packed rows. */
export const KINDS = ['song', 'album', 'artist', 'genre'] as const
export const SONG: Kind = 0

/** What was heard of one item at one time of a UTC day: `second` of a song exactly, of others its quarter of an hour. */
export interface DayEntry {
  readonly kind: Kind
  readonly item: number
  readonly second: number
  plays: number
  ms: number
}

export function packDay(entries: Iterable<DayEntry>): Uint8Array {
  const writer = new PackedWriter()
  for (const { kind, item, second, plays, ms } of entries) {
    writer.number(item * 4 + kind)
    writer.number(second)
    writer.number(plays)
    writer.number(ms)
  }
  return writer.done()
}

export function readDay(bytes: Uint8Array, read: (entry: DayEntry) => void): void {
  const reader = new PackedReader(bytes)
  while (!reader.ended) {
    const key = reader.number()
    const kind = (key % 4) as Kind
    read({
      kind,
      item: (key - kind) / 4,
      second: reader.number(),
      plays: reader.number(),
      ms: reader.number(),
    })
  }
}

/** Of a month, or of the hours of a day: plays and ms by key. */
export type Tallies = Map<number, { plays: number; ms: number }>

export function packTallies(tallies: Tallies): Uint8Array {
  const writer = new PackedWriter()
  for (const [key, { plays, ms }] of tallies) {
    writer.number(key)
    writer.number(plays)
    writer.number(ms)
  }
  return writer.done()
}

export function readTallies(bytes: Uint8Array, read: (key: number, plays: number, ms: number) => void): void {
  const reader = new PackedReader(bytes)
  while (!reader.ended) read(reader.number(), reader.number(), reader.number())
}

export function addTally(tallies: Tallies, key: number, plays: number, ms: number): void {
  const tally = tallies.get(key)
  if (tally) {
    tally.plays += plays
    tally.ms += ms
  } else tallies.set(key, { plays, ms })
}
