/** Reads at a place of a file: as many bytes as there are, up to `length`. */
export type ReadBytes = (position: number, length: number) => Promise<Buffer>

export interface Chunk {
  readonly id: string
  /** Of its header. */
  readonly at: number
  /** Of its content. */
  readonly start: number
  readonly length: number
}

interface Layout {
  /** Bytes ahead of the first chunk. */
  readonly start: number
  readonly header: number
  readonly length: (header: Buffer) => number
}

const MAX_CHUNKS = 500
/** In RF64 a length of 32 bits may say that the chunk `ds64` has it. */
const SEE_DS64 = 0xffffffff

/** The chunks of RIFF/WAVE (also as RF64), AIFF, AIFC and DSDIFF by their headers; [] for any other file. */
export async function iffChunks(read: ReadBytes, size: number): Promise<readonly Chunk[]> {
  const layout = layoutOf(await read(0, 16))
  if (!layout) return []
  const chunks: Chunk[] = []
  let longData = 0
  for (let at = layout.start; at + layout.header <= size && chunks.length < MAX_CHUNKS; ) {
    const header = await read(at, layout.header)
    if (header.length < layout.header) break
    const id = header.toString('latin1', 0, 4)
    if (!/^[\x20-\x7e]{4}$/.test(id)) break
    const start = at + layout.header
    let length = layout.length(header)
    if (id === 'ds64') longData = await dataLength(read, start)
    if (id === 'data' && length === SEE_DS64 && longData > 0) length = longData
    chunks.push({ id, at, start, length: Math.min(length, size - start) })
    at = start + length + (length % 2)
  }
  return chunks
}

function layoutOf(head: Buffer): Layout | undefined {
  const outer = head.toString('latin1', 0, 4)
  const type = head.toString('latin1', 8, 12)
  if (/^(RIFF|RF64|BW64)$/.test(outer) && type === 'WAVE')
    return { start: 12, header: 8, length: (header) => header.readUInt32LE(4) }
  if (outer === 'FORM' && /^AIF[FC]$/.test(type))
    return { start: 12, header: 8, length: (header) => header.readUInt32BE(4) }
  if (outer === 'FRM8') return { start: 16, header: 12, length: (header) => Number(header.readBigUInt64BE(4)) }
  return undefined
}

async function dataLength(read: ReadBytes, start: number): Promise<number> {
  const sizes = await read(start, 16)
  return sizes.length === 16 ? Number(sizes.readBigUInt64LE(8)) : 0
}
