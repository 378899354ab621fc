import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { encodeId, type FolderId, type UserId } from '../../src/base/ids.ts'
import type { Viewer } from '../../src/library/entities.ts'
import type { Repositories } from '../../src/library/repositories.ts'
import { coverJpeg } from '../support/audio.ts'
import type { LibrarySpec } from '../support/music-library.ts'

/** Two libraries with a bit of everything that answers must show. */
export const LIBRARIES: Readonly<Record<string, LibrarySpec>> = {
  Main: {
    'loose.mp3': { audio: {} },
    'Ann/First/01 - One.mp3': {
      audio: {
        seconds: 3,
        tags: {
          title: 'One',
          artist: ['Ann', 'Bob'],
          albumartist: 'Ann',
          album: 'First',
          tracknumber: 1,
          date: '1999-05-06',
          originaldate: '1998',
          genre: ['Rock', 'Indie Pop'],
          composer: 'Cem',
          'performer:violin': 'Dee',
          mood: 'calm',
          isrc: 'DEA123456789',
          label: 'Little Records',
          releasetype: 'album',
          bpm: 120,
          comment: 'a <b> & "c"',
          titlesort: 'One, The',
          replaygain_track_gain: '-7.50 dB',
          replaygain_track_peak: '0.98',
          musicbrainz_trackid: '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
          musicbrainz_albumid: '1dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
          itunesadvisory: 1,
        },
        lyrics: [{ lang: 'eng', text: 'la la\nla' }],
      },
    },
    'Ann/First/02 - Two.mp3': {
      title: 'Two',
      artist: 'Ann',
      albumartist: 'Ann',
      album: 'First',
      tracknumber: 2,
      date: '1999-05-06',
      originaldate: '1998',
      genre: 'Rock',
      label: 'Little Records',
      releasetype: 'album',
      musicbrainz_albumid: '1dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
    },
    'Ann/First/02 - Two.lrc': '[00:00.50]first line\n[00:01.20]second line\n',
    'Ann/First/cover.jpg': coverJpeg(),
    'Ann/Double/CD1/01 - Left.flac': {
      title: 'Left',
      artist: 'Ann',
      albumartist: 'Ann',
      album: 'Double',
      tracknumber: 1,
      discnumber: 1,
      date: 2003,
      genre: 'Jazz',
    },
    'Ann/Double/CD1/01 - Left.ttml': `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
      xmlns:itunes="http://music.apple.com/lyric-ttml-internal" itunes:timing="Word" xml:lang="ja"><head><metadata>
      <ttm:agent type="person" xml:id="v1"><ttm:name type="full">Ann</ttm:name></ttm:agent><ttm:agent type="other" xml:id="v2"/>
      <iTunesMetadata><translations><translation type="subtitle" xml:lang="en"><text for="L1">You, yes</text></translation>
      </translations></iTunesMetadata></metadata></head><body><div>
      <p begin="0.5" end="1.5" ttm:agent="v1" itunes:key="L1"><span begin="0.5" end="0.8">君</span><span begin="0.8" end="1.2">だよ</span>
        <span ttm:role="x-bg"><span begin="1.2" end="1.5">(ああ)</span></span></p>
      <p begin="2.0" end="2.9" ttm:agent="v2" itunes:key="L2"><span begin="2.0" end="2.4">and</span> <span begin="2.4" end="2.9">me 🎶</span></p>
      </div></body></tt>`,
    'Ann/Double/CD2/01 - Right.flac': {
      title: 'Right',
      artist: 'Ann',
      albumartist: 'Ann',
      album: 'Double',
      tracknumber: 1,
      discnumber: 2,
      discsubtitle: 'Live',
      date: 2003,
      genre: 'Jazz',
    },
    'Various/Best of/01 - Eins.ogg': {
      title: 'Eins',
      artist: 'Die Ärzte',
      albumartist: 'Various Artists',
      album: 'Best of',
      tracknumber: 1,
      compilation: 1,
      date: 1985,
      releasedate: 1985,
      genre: 'Rock',
    },
    'Various/Best of/02 - Zwei.m4a': {
      title: 'Zwei',
      artist: 'The Bob',
      albumartist: 'Various Artists',
      album: 'Best of',
      tracknumber: 2,
      compilation: 1,
      date: 1985,
      releasedate: 1985,
    },
    '山下/夏/01 - 海.opus': { title: '海', artist: '山下', albumartist: '山下', album: '夏', tracknumber: 1 },
  },
  More: {
    'Dee/Solo/01 - Only.mp3': {
      title: 'Only',
      artist: 'Dee',
      albumartist: 'Dee',
      album: 'Solo',
      tracknumber: 1,
      date: 2011,
      genre: 'Folk',
    },
  },
}

/** Ann hears only the first library; guest may do nothing but browse it. */
export const USERS = [
  { name: 'ann', password: 'ann-pass', libraries: ['Main'], roles: ['settings', 'stream', 'download'] },
  { name: 'guest', password: 'guest-pass', libraries: ['Main'], roles: [] },
] as const

/** Public ids by what people call things. */
export interface Ids {
  song(title: string): string
  album(name: string): string
  artist(name: string): string
  /** By its path, with the library's name first: `Main/Ann/First`. */
  folder(path: string): string
  library(name: string): string
}

export function idsOf(repositories: Repositories): Ids {
  const viewer: Viewer = { userId: 1 as UserId, scope: FULL_SCOPE }
  const page = { limit: 1000, offset: 0 }
  const { search, folders, libraries } = repositories
  const songs = new Map(Array.from(search.songs(viewer, '', page), (one) => [one.title, encodeId('song', one.id)]))
  const albums = new Map(search.albums(viewer, '', page).map((one) => [one.name, encodeId('album', one.id)]))
  const artists = new Map(search.artists(viewer, '', page).map((one) => [one.name, encodeId('artist', one.id)]))
  const names = new Map(libraries.list(FULL_SCOPE).map((one) => [one.name, String(one.id)]))
  const paths = new Map<string, string>()
  const walk = (id: FolderId, path: string) => {
    paths.set(path, encodeId('folder', id))
    for (const child of folders.children(viewer, id)) walk(child.id, `${path}/${child.name}`)
  }
  for (const root of folders.roots(viewer)) {
    walk(root.id, libraries.find(FULL_SCOPE, root.libraryId)?.name ?? '')
  }
  const lookUp = (kind: string, ids: ReadonlyMap<string, string>) => (name: string) => {
    const id = ids.get(name)
    if (id === undefined) throw new Error(`there is no ${kind} '${name}' among ${[...ids.keys()].join(', ')}`)
    return id
  }
  return {
    song: lookUp('song', songs),
    album: lookUp('album', albums),
    artist: lookUp('artist', artists),
    folder: lookUp('folder', paths),
    library: lookUp('library', names),
  }
}
