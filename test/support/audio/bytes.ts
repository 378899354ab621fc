/** Big-endian and little-endian integers as bytes, for the writers of containers. */
export const u16be = (n: number): Buffer => Buffer.from([(n >> 8) & 255, n & 255])
export const u32be = (n: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(n >>> 0)
  return out
}
export const u24be = (n: number): Buffer => Buffer.from([(n >> 16) & 255, (n >> 8) & 255, n & 255])
export const u16le = (n: number): Buffer => Buffer.from([n & 255, (n >> 8) & 255])
export const u32le = (n: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(n >>> 0)
  return out
}
export const u64le = (n: number): Buffer => {
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(BigInt(n))
  return out
}
export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
export const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

/** A table of a CRC whose highest bit comes first. */
export function crcTable(bits: 8 | 16 | 32, polynomial: number): Uint32Array {
  const top = bits === 32 ? 0x80000000 : 1 << (bits - 1)
  const mask = bits === 32 ? 0xffffffff : (1 << bits) - 1
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = (index << (bits - 8)) >>> 0
    for (let bit = 0; bit < 8; bit++) value = (value & top ? (value << 1) ^ polynomial : value << 1) >>> 0
    return (value & mask) >>> 0
  })
}

export function crc(table: Uint32Array, bits: 8 | 16 | 32, bytes: Uint8Array): number {
  const mask = bits === 32 ? 0xffffffff : (1 << bits) - 1
  let value = 0
  for (const byte of bytes) {
    const index = ((value >>> (bits - 8)) ^ byte) & 255
    value = (((value << 8) ^ (table[index] as number)) & mask) >>> 0
  }
  return value >>> 0
}
