import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { silentFlac } from './silent-flac.ts'
import type { TestLibrary } from './test-host.ts'

interface Track {
  /** Below the library's folder. */
  readonly file: string
  readonly seconds: number
  readonly tags: Readonly<Record<string, string>>
}

function track(file: string, title: string, seconds: number, tags: Readonly<Record<string, string>>): Track {
  const number = /(\d+) - [^/]*$/.exec(file)?.[1] ?? '1'
  return { file, seconds, tags: { title, tracknumber: String(Number(number)), ...tags } }
}

const first = { artist: 'Ann', albumartist: 'Ann', album: 'First', date: '1999', genre: 'Rock' }
const second = { artist: 'Bob', albumartist: 'Bob', album: 'Second', date: '2004', genre: 'Jazz' }
const open = { albumartist: 'Ann', album: 'Open', date: '2001', genre: 'Rock' }
const closed = { albumartist: 'Dee', album: 'Closed', date: '2011', genre: 'Folk' }

/** The music of test hosts: library by name, songs by file. Titles are unique in each. */
const MUSIC: Readonly<Record<TestLibrary, Readonly<Record<string, readonly Track[]>>>> = {
  tiny: {
    Music: [
      track('Ann/First/01 - One.flac', 'One', 180, {
        ...first,
        isrc: 'DEA123456789',
        musicbrainz_trackid: '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
      }),
      track('Ann/First/02 - Two.flac', 'Two', 240, first),
      track('Ann/First/03 - Jingle.flac', 'Jingle', 12, first),
      track('Bob/Second/01 - Long.flac', 'Long', 900, second),
      track('Bob/Second/02 - Duet.flac', 'Duet', 200, { ...second, artist: 'Bob / Ann' }),
    ],
  },
  acl: {
    Open: [
      track('Ann/Open/01 - Open One.flac', 'Open One', 180, { ...open, artist: 'Ann' }),
      track('Ann/Open/02 - Open Jazz.flac', 'Open Jazz', 180, { ...open, artist: 'Ann', genre: 'Jazz' }),
      track('Ann/Open/03 - Open Explicit.flac', 'Open Explicit', 180, {
        ...open,
        artist: 'Ann',
        itunesadvisory: '1',
      }),
      track('Secret/Hidden/01 - Open Secret.flac', 'Open Secret', 180, {
        artist: 'Cem',
        albumartist: 'Cem',
        album: 'Hidden',
        genre: 'Rock',
      }),
    ],
    Closed: [
      track('Dee/Closed/01 - Closed One.flac', 'Closed One', 180, { ...closed, artist: 'Dee' }),
      track('Dee/Closed/02 - Closed Duet.flac', 'Closed Duet', 180, { ...closed, artist: 'Ann' }),
    ],
  },
  unicode: {
    Musik: [
      track('Motörhead/Ünder/01 - Über.flac', 'Über', 180, {
        artist: 'Motörhead',
        albumartist: 'Motörhead',
        album: 'Ünder',
      }),
      track('山下達郎/夏/01 - 海.flac', '海', 180, { artist: '山下達郎', albumartist: '山下達郎', album: '夏' }),
      track('فيروز/نسم/01 - نسم علينا.flac', 'نسم علينا', 180, {
        artist: 'فيروز',
        albumartist: 'فيروز',
        album: 'نسم',
      }),
      track('Emoji/🎵/01 - 🎸 & <b> "c".flac', '🎸 & <b> "c"', 180, {
        artist: 'AC/DC 👩‍🎤',
        albumartist: 'AC/DC 👩‍🎤',
        album: '🎵',
      }),
      // An e with a combining acute, as macOS spells file names.
      track('Decomposed/Cafe\u0301/01 - Cafe\u0301.flac', 'Cafe\u0301', 180, {
        artist: 'Zoe\u0308',
        albumartist: 'Zoe\u0308',
        album: 'Cafe\u0301',
      }),
    ],
  },
}

/** Writes the files of a test library below `dir`, a folder for each library. @returns the names of the libraries. */
export function writeMusic(dir: string, name: TestLibrary): readonly string[] {
  const libraries = MUSIC[name]
  for (const [library, tracks] of Object.entries(libraries)) {
    for (const { file, seconds, tags } of tracks) {
      const path = join(dir, library, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, silentFlac(seconds, tags))
    }
  }
  return Object.keys(libraries)
}
