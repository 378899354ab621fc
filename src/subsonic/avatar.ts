import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { fold } from '../base/text.ts'

/** Pixels of an edge, and of one dot of a letter. */
const SIZE = 240
const DOT = 12

/** A letter or digit, then its 7 rows of 5 dots, each row a digit of base 32. */
const GLYPHS: ReadonlyMap<string, readonly number[]> = new Map(
  (
    'Aehhvhhh Buhhuhhu Cehggghe Duhhhhhu Evgguggv Fvgguggg Gehgnhhf Hhhhvhhh Ie44444e J72222ic Khikokih Lggggggv ' +
    'Mhrllhhh Nhpljhhh Oehhhhhe Puhhuggg Qehhhlid Ruhhukih Sfgge11u Tv444444 Uhhhhhhe Vhhhhha4 Whhhllrh Xhha4ahh ' +
    'Yhha4444 Zv1248gv 0ehjlphe 14c4444e 2eh1248v 3u11e11u 426aiv22 5vgu11he 6egguhhe 7v124888 8ehhehhe 9ehhf11e'
  )
    .split(' ')
    .map((glyph) => [glyph[0] as string, [...glyph.slice(1)].map((row) => Number.parseInt(row, 32))]),
)

/** The picture of a user: initials on a colour that follows from the name. PNG, since clients draw no SVG. */
export function avatarPng(name: string): Uint8Array {
  const hue = (createHash('md5').update(fold(name)).digest()[0] as number) * (360 / 256)
  return png(drawInitials(initials(name)), [...hslToRgb(hue, 0.45, 0.42), 255, 255, 255])
}

/** Of the first and the last word; without letters that can be drawn, none. */
function initials(name: string): readonly string[] {
  const words =
    fold(name)
      .toUpperCase()
      .match(/[A-Z0-9]+/g) ?? []
  return [words[0], words.length > 1 ? words.at(-1) : undefined].flatMap((word) => (word ? [word[0] as string] : []))
}

/** Rows of one bit a pixel, each after the byte that names PNG's filter 'none'. */
function drawInitials(letters: readonly string[]): Uint8Array {
  const stride = 1 + SIZE / 8
  const rows = new Uint8Array(stride * SIZE)
  const left = Math.round((SIZE - (letters.length * 6 - 1) * DOT) / 2)
  const top = Math.round((SIZE - 7 * DOT) / 2)
  const paint = (x: number, y: number) => {
    const at = y * stride + 1 + (x >> 3)
    rows[at] = (rows[at] as number) | (0x80 >> (x & 7))
  }
  for (const [index, letter] of letters.entries()) {
    for (const [row, dots] of (GLYPHS.get(letter) ?? []).entries()) {
      for (let column = 0; column < 5; column++) {
        if ((dots & (16 >> column)) === 0) continue
        for (let pixel = 0; pixel < DOT * DOT; pixel++) {
          const x = left + (index * 6 + column) * DOT + (pixel % DOT)
          paint(x, top + row * DOT + Math.floor(pixel / DOT))
        }
      }
    }
  }
  return rows
}

function png(rows: Uint8Array, palette: readonly number[]): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIZE, 0)
  header.writeUInt32BE(SIZE, 4)
  header.set([1, 3, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette)),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ])
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** `zlib.crc32` came only with Node 20.15. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

function hslToRgb(hue: number, saturation: number, lightness: number): readonly number[] {
  const amplitude = saturation * Math.min(lightness, 1 - lightness)
  return [0, 8, 4].map((offset) => {
    const k = (offset + hue / 30) % 12
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  })
}
