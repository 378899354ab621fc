import { ascii, crc, crcTable, u32be, u32le, u64le, utf8 } from './bytes.ts'
import { type AudioSpec, lrcText, tagPairs } from './spec.ts'

/** The picture block of FLAC, also used (in base64) by Ogg. */
export function pictureBlock(picture: { readonly mime: string; readonly data: Uint8Array }): Buffer {
  const mime = ascii(picture.mime)
  return Buffer.concat([
    u32be(3),
    u32be(mime.length),
    mime,
    u32be(0),
    Buffer.alloc(16),
    u32be(picture.data.length),
    picture.data,
  ])
}

/** A Vorbis comment block without its framing. */
export function vorbisComment(spec: AudioSpec, pictureInside: boolean): Buffer {
  const pairs = [...tagPairs(spec.tags), ...(spec.native ?? [])]
  for (const lyrics of spec.lyrics ?? []) pairs.push(['LYRICS', lrcText(lyrics)])
  if (spec.picture && pictureInside)
    pairs.push(['METADATA_BLOCK_PICTURE', pictureBlock(spec.picture).toString('base64')])
  const lines = pairs.map(([name, value]) => utf8(`${name}=${value}`))
  const vendor = utf8('tonearm tests')
  const parts = [u32le(vendor.length), vendor, u32le(lines.length)]
  for (const line of lines) parts.push(u32le(line.length), line)
  return Buffer.concat(parts)
}

interface Page {
  readonly flags: number
  readonly granule: number
  readonly segments: Uint8Array
  readonly body: Buffer
}

const TABLE = crcTable(32, 0x04c11db7)
const SERIAL = 0x746f6e65

function pages(file: Buffer): readonly Page[] {
  const found: Page[] = []
  for (let at = 0; at + 27 <= file.length; ) {
    const count = file[at + 26] as number
    const segments = file.subarray(at + 27, at + 27 + count)
    const size = segments.reduce((sum, length) => sum + length, 0)
    const body = file.subarray(at + 27 + count, at + 27 + count + size)
    found.push({ flags: file[at + 5] as number, granule: Number(file.readBigInt64LE(at + 6)), segments, body })
    at += 27 + count + size
  }
  return found
}

function writePage(page: Page, sequence: number): Buffer {
  const head = Buffer.concat([
    ascii('OggS'),
    Buffer.from([0, page.flags]),
    page.granule < 0 ? Buffer.alloc(8, 255) : u64le(page.granule),
    u32le(SERIAL),
    u32le(sequence),
    u32le(0),
    Buffer.from([page.segments.length]),
    page.segments,
  ])
  const bytes = Buffer.concat([head, page.body])
  bytes.writeUInt32LE(crc(TABLE, 32, bytes), 22)
  return bytes
}

/** Cuts packets into pages of at most 255 segments; the last page of the header carries granule 0. */
function pageUp(packets: readonly Buffer[]): readonly Page[] {
  const lacing: number[] = []
  for (const packet of packets) {
    for (let left = packet.length; left >= 255; left -= 255) lacing.push(255)
    lacing.push(packet.length % 255)
  }
  const body = Buffer.concat(packets)
  const out: Page[] = []
  let offset = 0
  for (let at = 0; at < lacing.length; at += 255) {
    const segments = Uint8Array.from(lacing.slice(at, at + 255))
    const size = segments.reduce((sum, length) => sum + length, 0)
    const endsPacket = segments.some((length) => length < 255)
    const continued = at > 0 && lacing[at - 1] === 255
    out.push({
      flags: continued ? 1 : 0,
      granule: endsPacket ? 0 : -1,
      segments,
      body: body.subarray(offset, offset + size),
    })
    offset += size
  }
  return out
}

function packetsOf(list: readonly Page[]): readonly Buffer[] {
  const packets: Buffer[] = []
  let open: Buffer[] = []
  for (const page of list) {
    let offset = 0
    for (const length of page.segments) {
      open.push(page.body.subarray(offset, offset + length))
      offset += length
      if (length < 255) {
        packets.push(Buffer.concat(open))
        open = []
      }
    }
  }
  return packets
}

const HEADERS = { ogg: 3, opus: 2, spx: 2 } as const
const RATE = { ogg: 44100, opus: 48000, spx: 16000 } as const

/** The base file with other comments, repeated to the length wanted, page sums made again. */
export function oggFile(base: Buffer, kind: 'ogg' | 'opus' | 'spx', spec: AudioSpec): Buffer {
  const all = pages(base)
  const firstAudio = all.findIndex((page) => page.granule > 0)
  const headers = packetsOf(all.slice(0, firstAudio))
  const comment = vorbisComment(spec, true)
  const packet =
    kind === 'ogg'
      ? Buffer.concat([Buffer.from([3]), ascii('vorbis'), comment, Buffer.from([1])])
      : kind === 'opus'
        ? Buffer.concat([ascii('OpusTags'), comment])
        : comment
  const first = all[0] as Page
  const out = [first, ...pageUp([packet, ...headers.slice(2, HEADERS[kind])])]
  const audio = all.slice(firstAudio)
  const length = (audio[audio.length - 1] as Page).granule
  const wanted = Math.ceil((spec.seconds ?? 0) * RATE[kind])
  const rounds = Math.max(1, Math.ceil(wanted / length))
  for (let round = 0; round < rounds; round++)
    for (const [index, page] of audio.entries()) {
      const last = round === rounds - 1 && index === audio.length - 1
      const granule = page.granule < 0 ? -1 : page.granule + round * length
      out.push({ ...page, granule, flags: (page.flags & 1) | (last ? 4 : 0) })
    }
  return Buffer.concat(out.map(writePage))
}
