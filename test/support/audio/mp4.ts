import { ascii, u16be, u32be, utf8 } from './bytes.ts'
import { type AudioSpec, lrcText, tagPairs } from './spec.ts'

/** Vorbis names and their atoms; all others become freeform atoms. */
const ATOMS: Readonly<Record<string, string>> = {
  TITLE: '\xa9nam',
  ARTIST: '\xa9ART',
  ALBUMARTIST: 'aART',
  ALBUM: '\xa9alb',
  DATE: '\xa9day',
  GENRE: '\xa9gen',
  COMPOSER: '\xa9wrt',
  COMMENT: '\xa9cmt',
  GROUPING: '\xa9grp',
  WORK: '\xa9wrk',
  MOVEMENTNAME: '\xa9mvn',
  TITLESORT: 'sonm',
  ARTISTSORT: 'soar',
  ALBUMARTISTSORT: 'soaa',
  ALBUMSORT: 'soal',
  COMPOSERSORT: 'soco',
  COPYRIGHT: 'cprt',
}
const FREEFORM: Readonly<Record<string, string>> = {
  MUSICBRAINZ_ALBUMID: 'MusicBrainz Album Id',
  MUSICBRAINZ_ARTISTID: 'MusicBrainz Artist Id',
  MUSICBRAINZ_ALBUMARTISTID: 'MusicBrainz Album Artist Id',
  MUSICBRAINZ_RELEASEGROUPID: 'MusicBrainz Release Group Id',
  MUSICBRAINZ_RELEASETRACKID: 'MusicBrainz Release Track Id',
  MUSICBRAINZ_TRACKID: 'MusicBrainz Track Id',
  RELEASETYPE: 'MusicBrainz Album Type',
}

export function atom(name: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([u32be(body.length + 8), ascii(name), body])
}

export const data = (type: number, body: Uint8Array) => atom('data', u32be(type), u32be(0), body)

function freeform(name: string, values: readonly string[]): Buffer {
  return atom(
    '----',
    atom('mean', u32be(0), ascii('com.apple.iTunes')),
    atom('name', u32be(0), utf8(name)),
    ...values.map((value) => data(1, utf8(value))),
  )
}

function ilst(spec: AudioSpec): Buffer {
  const values = new Map<string, string[]>()
  for (const [name, value] of tagPairs(spec.tags)) values.set(name, [...(values.get(name) ?? []), value])
  const one = (name: string) => Number(values.get(name)?.[0] ?? 0)
  const atoms: Buffer[] = []
  if (values.has('TRACKNUMBER'))
    atoms.push(
      atom('trkn', data(0, Buffer.concat([u16be(0), u16be(one('TRACKNUMBER')), u16be(one('TRACKTOTAL')), u16be(0)]))),
    )
  if (values.has('DISCNUMBER'))
    atoms.push(atom('disk', data(0, Buffer.concat([u16be(0), u16be(one('DISCNUMBER')), u16be(one('DISCTOTAL'))]))))
  if (values.has('BPM')) atoms.push(atom('tmpo', data(21, u16be(one('BPM')))))
  if (values.has('COMPILATION')) atoms.push(atom('cpil', data(21, Buffer.from([one('COMPILATION')]))))
  if (values.has('ITUNESADVISORY')) atoms.push(atom('rtng', data(21, Buffer.from([one('ITUNESADVISORY')]))))
  const done = new Set(['TRACKNUMBER', 'TRACKTOTAL', 'DISCNUMBER', 'DISCTOTAL', 'BPM', 'COMPILATION', 'ITUNESADVISORY'])
  for (const [name, list] of values) {
    if (done.has(name)) continue
    const known = ATOMS[name]
    atoms.push(
      known ? atom(known, ...list.map((value) => data(1, utf8(value)))) : freeform(FREEFORM[name] ?? name, list),
    )
  }
  for (const [name, value] of spec.native ?? [])
    atoms.push(
      name.length === 4 ? atom(name, data(1, utf8(value))) : freeform(name.replace(/^----:[^:]*:/, ''), [value]),
    )
  for (const lyrics of spec.lyrics ?? []) atoms.push(atom('\xa9lyr', data(1, utf8(lrcText(lyrics)))))
  if (spec.picture) atoms.push(atom('covr', data(spec.picture.mime === 'image/png' ? 14 : 13, spec.picture.data)))
  return atom('ilst', ...atoms)
}

/** The base file with other tags. */
export function mp4File(base: Buffer, spec: AudioSpec): Buffer {
  const handler = atom('hdlr', Buffer.alloc(8), ascii('mdir'), ascii('appl'), Buffer.alloc(9))
  return mp4With(base, atom('udta', atom('meta', u32be(0), handler, ilst(spec))))
}

/** The base file with other atoms in place of its `udta`. Its `moov` comes last, so no offset into the audio changes. */
export function mp4With(base: Buffer, ...atoms: readonly Uint8Array[]): Buffer {
  const top = children(base, 0, base.length)
  const moov = top.find(({ name }) => name === 'moov')
  if (!moov || moov.end !== base.length) throw new Error('the base file must end with its moov atom')
  const kept = children(base, moov.start + 8, moov.end).filter(({ name }) => name !== 'udta')
  return Buffer.concat([
    base.subarray(0, moov.start),
    atom('moov', ...kept.map(({ start, end }) => base.subarray(start, end)), ...atoms),
  ])
}

function children(file: Buffer, from: number, to: number): readonly { name: string; start: number; end: number }[] {
  const found: { name: string; start: number; end: number }[] = []
  for (let at = from; at + 8 <= to; ) {
    const size = file.readUInt32BE(at)
    found.push({ name: file.toString('latin1', at + 4, at + 8), start: at, end: at + size })
    at += size
  }
  return found
}
