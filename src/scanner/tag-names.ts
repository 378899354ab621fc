import type { RawTags } from '../hooks/hooks.ts'

/**
 * Our names of tags and what the formats call them, best first, in lower case: Vorbis and APE names, ID3 frames (TXXX by
 * its description), MP4 atoms (free ones by their last part), ASF, RIFF and Matroska names. A tag of no list keeps its
 * own name.
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  title: ['title', 'tit2', 'tt2', '©nam', 'inam', 'titl', 'track:title', 'segment:title', 'name'],
  titlesort: ['titlesort', 'tsot', 'tst', 'sonm', 'wm/titlesortorder'],
  subtitle: ['subtitle', 'tit3', 'tt3', 'wm/subtitle', '©st3'],
  artist: ['artist', 'tpe1', 'tp1', '©art', 'author', 'iart', 'track:artist', 'auth'],
  artists: ['artists', 'wm/artists'],
  artistsort: ['artistsort', 'artistssort', 'tsop', 'tsp', 'soar', 'wm/artistsortorder', 'track:artistsort'],
  albumartist: [
    'albumartist',
    'album artist',
    'tpe2',
    'tp2',
    'aart',
    'wm/albumartist',
    'album:artist',
    'band',
    'ensemble',
  ],
  albumartists: ['albumartists', 'wm/albumartists'],
  albumartistsort: [
    'albumartistsort',
    'albumartistssort',
    'tso2',
    'ts2',
    'soaa',
    'wm/albumartistsortorder',
    'album:artistsort',
  ],
  album: ['album', 'talb', 'tal', '©alb', 'wm/albumtitle', 'iprd', 'irpd', 'album:title'],
  albumsort: ['albumsort', 'tsoa', 'tsa', 'soal', 'wm/albumsortorder'],
  albumversion: ['albumversion', 'version', 'musicbrainz_albumcomment', 'musicbrainz album comment'],
  genre: ['genre', 'tcon', 'tco', '©gen', 'gnre', 'wm/genre', 'ignr', 'igre', 'track:genre'],
  mood: ['mood', 'tmoo', 'wm/mood'],
  compilation: ['compilation', 'tcmp', 'tcp', 'cpil', 'itunescompilation', 'wm/iscompilation'],
  track: ['track', 'tracknumber', 'trck', 'trk', 'trkn', 'wm/tracknumber', 'itrk', 'iprt', '©trk', 'track:part_number'],
  tracktotal: ['tracktotal', 'totaltracks', 'ifrm', 'track:total_parts', 'album:total_parts'],
  disc: ['disc', 'discnumber', 'disknumber', 'tpos', 'tpa', 'disk', 'wm/partofset', 'album:part_number'],
  disctotal: ['disctotal', 'totaldiscs'],
  discsubtitle: ['discsubtitle', 'setsubtitle', 'tsst', 'wm/setsubtitle', 'idst'],
  bpm: ['bpm', 'tbpm', 'tbp', 'tmpo', 'wm/beatsperminute', 'ibpm'],
  comment: [
    'comment',
    'comm',
    'com',
    '©cmt',
    'description',
    'icmt',
    'anno',
    'track:comment',
    'comment:described',
    '©des',
    '©inf',
    'isbj',
  ],
  originaldate: [
    'originaldate',
    'tdor',
    'tory',
    'tor',
    'originalyear',
    'origyear',
    'origdate',
    'originalreleasedate',
    'originalreleaseyear',
    'wm/originalreleasetime',
    'wm/originalreleaseyear',
    'album:date_recorded',
  ],
  // Taggers write their one date as TDRC, DATE, `©day` or WM/Year alike: an album of several formats has the same dates.
  recordingdate: [
    'recordingdate',
    'date',
    'tdrc',
    'tyer',
    'tye',
    'tdr',
    '©day',
    'wm/year',
    'year',
    'icrd',
    'iyer',
    'track:date',
    'track:date_recorded',
  ],
  releasedate: ['releasedate', 'tdrl', 'album:date_released', 'track:date_released'],
  composer: ['composer', 'tcom', 'tcm', '©wrt', 'wm/composer', 'imus', 'writer', 'track:composer'],
  composersort: ['composersort', 'tsoc', 'tsc', 'soco', 'wm/composersortorder'],
  lyricist: ['lyricist', 'text', 'txt', 'wm/writer', 'iwri', 'track:lyricist'],
  lyricistsort: ['lyricistsort'],
  conductor: ['conductor', 'tpe3', 'tp3', 'wm/conductor', '©con', 'track:conductor'],
  arranger: ['arranger', 'people:arranger', 'wm/arranger', '©arg', 'track:arranger'],
  producer: ['producer', 'people:producer', 'wm/producer', '©prd', 'track:producer'],
  director: ['director', 'wm/director', '©dir'],
  engineer: ['engineer', 'people:engineer', 'wm/engineer', 'ieng', 'track:engineer'],
  mixer: ['mixer', 'people:mix', 'people:mixer', 'wm/mixer'],
  remixer: ['remixer', 'tpe4', 'tp4', 'mixartist', 'wm/modifiedby', 'iedt', 'track:remixed_by'],
  djmixer: ['djmixer', 'people:dj-mix', 'people:djmix', 'people:djmixer', 'wm/djmixer'],
  performer: ['performer', 'istr', '©prf', 'lead_performer'],
  replaygain_track_gain: ['replaygain_track_gain', 'rva2_track_gain', 'track:replaygain_gain', 'rg_radio'],
  replaygain_track_peak: ['replaygain_track_peak', 'rva2_track_peak', 'track:replaygain_peak', 'rg_peak'],
  replaygain_album_gain: ['replaygain_album_gain', 'rva2_album_gain', 'album:replaygain_gain', 'rg_audiophile'],
  replaygain_album_peak: ['replaygain_album_peak', 'rva2_album_peak', 'album:replaygain_peak'],
  r128_track_gain: ['r128_track_gain'],
  r128_album_gain: ['r128_album_gain'],
  explicitstatus: ['itunesadvisory', 'rtng', 'explicitstatus'],
  catalognumber: ['catalognumber', 'catalogid', 'catalog', 'wm/catalogno', 'discogs_catalog'],
  recordlabel: [
    'label',
    'recordlabel',
    'publisher',
    'organization',
    'tpub',
    'tpb',
    'wm/publisher',
    'ipub',
    'ipro',
    'track:publisher',
  ],
  releasetype: ['releasetype', 'musicbrainz album type', 'musicbrainz_albumtype', 'musicbrainz/album type'],
  releasestatus: ['releasestatus', 'musicbrainz album status', 'musicbrainz_albumstatus', 'musicbrainz/album status'],
  releasecountry: ['releasecountry', 'musicbrainz album release country', 'musicbrainz/album release country', 'icnt'],
  isrc: ['isrc', 'tsrc', 'wm/isrc', '©isr'],
  barcode: ['barcode', 'wm/barcode'],
  asin: ['asin'],
  media: ['media', 'tmed', 'wm/media', 'imed'],
  grouping: ['grouping', 'grp1', 'gp1', 'tit1', 'tt1', '©grp', 'contentgroup', 'wm/contentgroupdescription'],
  work: ['work', '©wrk', 'wm/work'],
  movementname: ['movementname', 'mvnm', '©mvn'],
  movement: ['movement', 'mvin', '©mvi'],
  movementtotal: ['movementtotal', '©mvc'],
  key: ['key', 'initialkey', 'tkey', 'wm/initialkey'],
  language: ['language', 'tlan', 'tla', 'wm/language', 'ilng', 'ilgt'],
  script: ['script', 'wm/script'],
  copyright: ['copyright', 'tcop', 'tcr', 'cprt', '©cpy', 'icop', '(c)'],
  license: ['license', 'wcop', 'wcp'],
  encodedby: [
    'encodedby',
    'tenc',
    'ten',
    '©too',
    'wm/encodedby',
    'itch',
    'isft',
    'code',
    '©enc',
    '©swr',
    'track:encoder',
    'encoder',
  ],
  encodersettings: ['encodersettings', 'tsse', 'tss', 'wm/encodingsettings', 'track:encoder_options'],
  website: ['website', 'woar', 'war', 'weblink', 'wm/authorurl', 'turl', 'ibsu'],
  musicbrainz_recordingid: [
    'musicbrainz_trackid',
    'ufid:http://musicbrainz.org',
    'musicbrainz track id',
    'musicbrainz/track id',
    'track:musicbrainz_trackid',
  ],
  musicbrainz_trackid: ['musicbrainz_releasetrackid', 'musicbrainz release track id', 'musicbrainz/release track id'],
  musicbrainz_albumid: [
    'musicbrainz_albumid',
    'musicbrainz album id',
    'musicbrainz/album id',
    'track:musicbrainz_albumid',
  ],
  musicbrainz_releasegroupid: [
    'musicbrainz_releasegroupid',
    'musicbrainz release group id',
    'musicbrainz/release group id',
  ],
  musicbrainz_artistid: [
    'musicbrainz_artistid',
    'musicbrainz artist id',
    'musicbrainz/artist id',
    'track:musicbrainz_artistid',
  ],
  musicbrainz_albumartistid: [
    'musicbrainz_albumartistid',
    'musicbrainz album artist id',
    'musicbrainz/album artist id',
  ],
  musicbrainz_workid: ['musicbrainz_workid', 'musicbrainz work id', 'musicbrainz/work id'],
  musicbrainz_discid: ['musicbrainz_discid', 'musicbrainz disc id', 'musicbrainz/disc id'],
  ...Object.fromEntries(
    [
      'composer',
      'lyricist',
      'director',
      'producer',
      'engineer',
      'mixer',
      'remixer',
      'djmixer',
      'conductor',
      'arranger',
      'performer',
    ].map((role) => [
      `musicbrainz_${role}id`,
      [`musicbrainz_${role}id`, `musicbrainz ${role} id`, `musicbrainz/${role} id`],
    ]),
  ),
}

/** Tags that are no text for people: pictures, lyrics (kept elsewhere), counters, players' private notes. */
const DROPPED =
  /^(apic|pic|covr|metadata_block_picture|picture|cover art.*|wm\/picture|uslt|ult|sylt|slt|©lyr|priv|geob|pcnt|cnt|popm|pop|mcdi|chap|ctoc|rating|rating:.*|rate|rva2?|(comment[: ]?)?itun(norm|smpb|pgap)|itun_cddb.*|itunes_cddb.*|acoustid_fingerprint|acoustid fingerprint|fingerprint|musicip_.*|pgap|stik|hdvd|wm\/mediaclass.*|mp3gain_.*|(wm|wmfsdk|isvbr|asf).*version.*|coverart(mime)?|dummy|cuesheet|log|_statistics.*|.*:_statistics.*|track:duration|track:bps|track:number_of_.*)$/

interface Place {
  readonly name: string
  readonly rank: number
}
const PLACES = new Map<string, Place>(
  Object.entries(ALIASES).flatMap(([name, aliases]) =>
    aliases.map((alias, rank) => [alias, { name, rank }] as [string, Place]),
  ),
)

/** The same without what stands between words, which programs write as space, underscore, hyphen or not at all. */
const COMPACT = new Map([...PLACES].map(([name, place]) => [compact(name), place]))

/** Of dates the one with a name of its own may be the fuller one. */
const DATES = /^(originaldate|recordingdate|releasedate)$/
const FREE_NAME = 50

/** Which kind of tag counts when a file carries several. */
const ORIGINS = [
  'vorbis',
  'ID3v2.4',
  'ID3v2.3',
  'ID3v2.2',
  'iTunes',
  'asf',
  'matroska',
  'APEv2',
  'AIFF',
  'exif',
  'ID3v1',
]

/** At most so many values of a tag and characters of a value are kept. */
const MAX_VALUES = 200
const MAX_LENGTH = 4096
const MAX_TAGS = 200

export interface NativeTag {
  readonly origin: string
  /** As the format names it: `TXXX:Foo`, `----:com.apple.iTunes:FOO`, `ARTIST`. */
  readonly id: string
  readonly value: string
}

/**
 * Brings the tags of all formats under our names. Of several names of one thing the first alias counts, the format's own
 * ones before free ones; of several kinds of tag the better one; the values of the winner stay in order, equal ones once.
 */
export function toRawTags(native: Iterable<NativeTag>): RawTags {
  const found = new Map<string, { score: number; values: string[] }>()
  for (const { origin, id, value } of native) {
    const text = value.replaceAll('\0', '').trim().slice(0, MAX_LENGTH).normalize('NFC')
    if (text === '') continue
    const own = ownName(id)
    if (DROPPED.test(own)) continue
    const place = placeOf(own)
    const name = place?.name ?? own
    const at = ORIGINS.indexOf(origin)
    const free = isFree(id) && !DATES.test(name) ? FREE_NAME : 0
    const score = (at < 0 ? ORIGINS.length : at) * 100 + (place?.rank ?? 0) + free
    const entry = found.get(name)
    if (!entry || score < entry.score) {
      if (entry || found.size < MAX_TAGS) found.set(name, { score, values: [text] })
    } else if (score === entry.score && entry.values.length < MAX_VALUES && !entry.values.includes(text))
      entry.values.push(text)
  }
  return Object.fromEntries([...found].map(([name, { values }]) => [name, values]))
}

function placeOf(own: string): Place | undefined {
  const plain = own.startsWith('track:') ? own.slice(6) : own
  return PLACES.get(own) ?? PLACES.get(plain) ?? COMPACT.get(compact(plain))
}

function compact(name: string): string {
  return name.replace(/[\s_-]+/g, '')
}

function isFree(id: string): boolean {
  return /^(txxx|----):/i.test(id)
}

/** A tag's name in lower case, without what marks names of one's own in ID3 (`TXXX:`) and MP4 (`----:mean:`). */
export function ownName(id: string): string {
  const lower = id.toLowerCase().replaceAll('\0', '').trim()
  if (lower.startsWith('txxx:')) return lower.slice(5).trim()
  if (lower.startsWith('----:')) return lower.slice(lower.indexOf(':', 5) + 1).trim()
  return lower
}
