import { deflateSync } from 'node:zlib'
import { ascii, u16be, u24be, u32be } from './bytes.ts'

/** ID3v2 tags as programs left them, by their parts. */

export const syncsafe = (n: number): Buffer => Buffer.from([(n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127])

const UTF_16 = 1

/** A text with the byte of its encoding ahead: 0 Latin-1, 1 UTF-16 with mark, 2 UTF-16BE, 3 UTF-8. */
export function encoded(text: string, encoding: 0 | 1 | 2 | 3 = 0): Buffer {
  const head = Buffer.from([encoding])
  if (encoding === 0) return Buffer.concat([head, Buffer.from(text, 'latin1')])
  if (encoding === 3) return Buffer.concat([head, Buffer.from(text, 'utf8')])
  const little = Buffer.from(text, 'utf16le')
  return encoding === UTF_16
    ? Buffer.concat([head, Buffer.from([0xff, 0xfe]), little])
    : Buffer.concat([head, little.swap16()])
}

export const frame22 = (id: string, body: Uint8Array): Buffer => Buffer.concat([ascii(id), u24be(body.length), body])

export const frame23 = (id: string, body: Uint8Array, flags = 0): Buffer =>
  Buffer.concat([ascii(id), u32be(body.length), u16be(flags), body])

export const frame24 = (id: string, body: Uint8Array, flags = 0): Buffer =>
  Buffer.concat([ascii(id), syncsafe(body.length), u16be(flags), body])

export function tagOf(version: 2 | 3 | 4, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([ascii('ID3'), Buffer.from([version, 0, flags]), syncsafe(body.length), body])
}

/** A zero behind each 0xff that would look like sound, or like a zero that was put in. */
export function unsynchronised(bytes: Uint8Array): Buffer {
  const out: number[] = []
  bytes.forEach((byte, index) => {
    out.push(byte)
    const next = bytes[index + 1]
    if (byte === 0xff && (next === undefined || next === 0 || next >= 0xe0)) out.push(0)
  })
  return Buffer.from(out)
}

export const zlibbed23 = (id: string, body: Uint8Array): Buffer =>
  frame23(id, Buffer.concat([u32be(body.length), deflateSync(body)]), 0x0080)

export const zlibbed24 = (id: string, body: Uint8Array): Buffer =>
  frame24(id, Buffer.concat([syncsafe(body.length), deflateSync(body)]), 0x0009)

/** A front cover. */
export const apic = (data: Uint8Array, mime = 'image/jpeg'): Buffer =>
  Buffer.concat([Buffer.from([0]), ascii(`${mime}\0`), Buffer.from([3, 0]), data])

export const pic22 = (data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0]), ascii('JPG'), Buffer.from([3, 0]), data])
