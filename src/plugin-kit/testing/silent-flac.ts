const RATE = 8000
const BLOCK = 4096

/** Sums as FLAC wants them: the most significant bit first, nothing inverted. */
function checksum(bits: 8 | 16, polynomial: number, bytes: Uint8Array): number {
  const top = 1 << (bits - 1)
  const mask = bits === 8 ? 0xff : 0xffff
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << (bits - 8)
    for (let bit = 0; bit < 8; bit++) sum = ((sum & top ? (sum << 1) ^ polynomial : sum << 1) & mask) >>> 0
  }
  return sum
}

/** A frame number is spelt like a code point in UTF-8; below 2048 here: 17 minutes. */
function frameNumber(n: number): readonly number[] {
  return n < 0x80 ? [n] : [0xc0 | (n >> 6), 0x80 | (n & 0x3f)]
}

/** Fixed blocks of 4096 samples, 8 kHz, mono, 16 bit, one subframe: the constant 0. */
function frame(number: number): Buffer {
  const header = Buffer.from([0xff, 0xf8, 0xc4, 0x08, ...frameNumber(number)])
  const body = Buffer.concat([header, Buffer.from([checksum(8, 0x07, header), 0x00, 0x00, 0x00])])
  const sum = Buffer.alloc(2)
  sum.writeUInt16BE(checksum(16, 0x8005, body))
  return Buffer.concat([body, sum])
}

function block(type: number, body: Buffer, last: boolean): Buffer {
  const head = Buffer.from([type | (last ? 0x80 : 0), 0, 0, 0])
  head.writeUIntBE(body.length, 1, 3)
  return Buffer.concat([head, body])
}

function streamInfo(samples: number): Buffer {
  const info = Buffer.alloc(34)
  info.writeUInt16BE(BLOCK, 0)
  info.writeUInt16BE(BLOCK, 2)
  // 20 bits rate, 3 bits channels - 1, 5 bits depth - 1, 36 bits samples
  info.writeBigUInt64BE((BigInt(RATE) << 44n) | (15n << 36n) | BigInt(samples), 10)
  return info
}

function comments(tags: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const list = Object.entries(tags)
  const count = Buffer.alloc(4)
  count.writeUInt32LE(list.length)
  return Buffer.concat([text('tonearm'), count, ...list.map(([name, value]) => text(`${name.toUpperCase()}=${value}`))])
}

/** A valid FLAC file of silence, some 24 bytes a second; its length is rounded up to half a second or so. */
export function silentFlac(seconds: number, tags: Readonly<Record<string, string>>): Buffer {
  const count = Math.max(1, Math.ceil((seconds * RATE) / BLOCK))
  return Buffer.concat([
    Buffer.from('fLaC'),
    block(0, streamInfo(count * BLOCK), false),
    block(4, comments(tags), true),
    ...Array.from({ length: count }, (_, index) => frame(index)),
  ])
}
