/** What the block holds, as far as it can be read: its lengths may say more than there is. */
export function readVorbisComment(block: Buffer): readonly string[] {
  if (block.length < 8) return []
  const vendor = block.readUInt32LE(0)
  let at = 4 + vendor
  if (at + 4 > block.length) return []
  const count = block.readUInt32LE(at)
  at += 4
  const entries: string[] = []
  while (entries.length < count && at + 4 <= block.length) {
    const end = at + 4 + block.readUInt32LE(at)
    if (end > block.length) break
    const entry = block.toString('utf8', at + 4, end)
    if (/^[\x20-\x7d]+=/.test(entry)) entries.push(entry)
    at = end
  }
  return entries
}

export function writeVorbisComment(entries: readonly string[]): Buffer {
  const parts = entries.map((entry) => Buffer.from(entry, 'utf8'))
  return Buffer.concat([number(0), number(parts.length), ...parts.flatMap((part) => [number(part.length), part])])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
