import { ascii, u16be, u32be, utf8 } from './bytes.ts'
import { type AudioLyrics, type AudioSpec, tagPairs } from './spec.ts'

/** Vorbis names and their ID3v2.4 frames; all others become TXXX. */
const FRAMES: Readonly<Record<string, string>> = {
  TITLE: 'TIT2',
  TITLESORT: 'TSOT',
  SUBTITLE: 'TIT3',
  ARTIST: 'TPE1',
  ARTISTSORT: 'TSOP',
  ALBUMARTIST: 'TPE2',
  ALBUMARTISTSORT: 'TSO2',
  ALBUM: 'TALB',
  ALBUMSORT: 'TSOA',
  COMPOSER: 'TCOM',
  COMPOSERSORT: 'TSOC',
  LYRICIST: 'TEXT',
  CONDUCTOR: 'TPE3',
  REMIXER: 'TPE4',
  TRACKNUMBER: 'TRCK',
  DISCNUMBER: 'TPOS',
  DISCSUBTITLE: 'TSST',
  DATE: 'TDRC',
  ORIGINALDATE: 'TDOR',
  RELEASEDATE: 'TDRL',
  GENRE: 'TCON',
  BPM: 'TBPM',
  COMPILATION: 'TCMP',
  GROUPING: 'TIT1',
  MOOD: 'TMOO',
  LABEL: 'TPUB',
  MEDIA: 'TMED',
  ISRC: 'TSRC',
  KEY: 'TKEY',
  LANGUAGE: 'TLAN',
  COPYRIGHT: 'TCOP',
  ENCODEDBY: 'TENC',
  MOVEMENTNAME: 'MVNM',
  MUSICBRAINZ_ALBUMID: 'TXXX:MusicBrainz Album Id',
  MUSICBRAINZ_ARTISTID: 'TXXX:MusicBrainz Artist Id',
  MUSICBRAINZ_ALBUMARTISTID: 'TXXX:MusicBrainz Album Artist Id',
  MUSICBRAINZ_RELEASEGROUPID: 'TXXX:MusicBrainz Release Group Id',
  MUSICBRAINZ_RELEASETRACKID: 'TXXX:MusicBrainz Release Track Id',
  MUSICBRAINZ_TRACKID: 'UFID:http://musicbrainz.org',
  RELEASETYPE: 'TXXX:MusicBrainz Album Type',
}

const syncsafe = (n: number): Buffer => Buffer.from([(n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127])

function frame(id: string, body: Uint8Array): Buffer {
  return Buffer.concat([ascii(id), syncsafe(body.length), u16be(0), body])
}

function textFrame(id: string, values: readonly string[]): Buffer {
  const [name, description] = splitOnce(id)
  if (name === 'TXXX')
    return frame('TXXX', Buffer.concat([Buffer.from([3]), utf8(`${description}\0${values.join('\0')}`)]))
  if (name === 'UFID') return frame('UFID', Buffer.concat([ascii(`${description}\0`), ascii(values[0] ?? '')]))
  if (name === 'COMM')
    return frame('COMM', Buffer.concat([Buffer.from([3]), ascii('eng'), utf8(`\0${values.join('\0')}`)]))
  return frame(name, Buffer.concat([Buffer.from([3]), utf8(values.join('\0'))]))
}

function splitOnce(id: string): readonly [string, string] {
  const at = id.indexOf(':')
  return at < 0 ? [id, ''] : [id.slice(0, at), id.slice(at + 1)]
}

function lyricsFrame(lyrics: AudioLyrics): Buffer {
  const lang = ascii((lyrics.lang ?? 'und').slice(0, 3).padEnd(3, 'x'))
  if (!lyrics.lines) return frame('USLT', Buffer.concat([Buffer.from([3]), lang, utf8(`\0${lyrics.text ?? ''}`)]))
  const lines = lyrics.lines.flatMap(({ ms, text }) => [utf8(`${text}\0`), u32be(ms)])
  return frame('SYLT', Buffer.concat([Buffer.from([3]), lang, Buffer.from([2, 1, 0]), ...lines]))
}

/** A whole tag, of ID3v2.4 unless the spec brings one; empty when there is nothing to say. */
export function id3(spec: Omit<AudioSpec, 'format'>): Buffer {
  if (spec.id3) return Buffer.from(spec.id3)
  const values = new Map<string, string[]>()
  const add = (id: string, value: string) => values.set(id, [...(values.get(id) ?? []), value])
  const pairs = tagPairs(spec.tags)
  const totalOf = (name: string) => pairs.find(([key]) => key === name)?.[1]
  for (const [name, value] of pairs) {
    if (name === 'TRACKTOTAL' || name === 'DISCTOTAL') continue
    const total =
      name === 'TRACKNUMBER' ? totalOf('TRACKTOTAL') : name === 'DISCNUMBER' ? totalOf('DISCTOTAL') : undefined
    const id = name === 'COMMENT' ? 'COMM' : (FRAMES[name] ?? `TXXX:${name}`)
    add(id, total ? `${value}/${total}` : value)
  }
  for (const [id, value] of spec.native ?? []) add(id, value)
  const frames = [...values].map(([id, list]) => textFrame(id, list))
  for (const lyrics of spec.lyrics ?? []) frames.push(lyricsFrame(lyrics))
  if (spec.picture) {
    const head = Buffer.concat([Buffer.from([0]), ascii(`${spec.picture.mime}\0`), Buffer.from([3, 0])])
    frames.push(frame('APIC', Buffer.concat([head, spec.picture.data])))
  }
  if (frames.length === 0) return Buffer.alloc(0)
  const body = Buffer.concat(frames)
  return Buffer.concat([ascii('ID3'), Buffer.from([4, 0, 0]), syncsafe(body.length), body])
}
