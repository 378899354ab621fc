import { setImmediate as turn } from 'node:timers/promises'
import type { SongId } from '../base/ids.ts'
import type { Headers, HttpReply } from '../http/types.ts'
import type { Song, Viewer } from '../library/entities.ts'
import type { SongRepository } from '../library/song-repository.ts'
import { pathsOfEntry, readM3u } from '../scanner/m3u.ts'

export const M3U_TYPE = 'audio/x-mpegurl'

/** Entries that are looked for together, before others have a turn, and their characters: each may be a hundred paths. */
const SLICE = 200
const SLICE_CHARACTERS = 16_384
/** The longest path of a system, and what it may be written as with percent signs. */
const MAX_PATH = 4096
const MAX_ENTRY = 3 * MAX_PATH
/** Of entries that are looked for, all in one turn, to tell the encoding: of each, and of all. */
const TRIED_ENTRY = 1024
const TRIED_CHARACTERS = 131_072
/** As long as a playlist may be called otherwise. */
const MAX_NAME = 16_384
/** Folders of a path that may belong to another machine; the rest must be found below a library. */
const MOST_FOLDERS = 12

/** A playlist for other players: paths are relative to the root of a song's library. */
export function* m3uParts(name: string, songs: Iterable<Song>): IterableIterator<string> {
  yield `#EXTM3U\n#PLAYLIST:${oneLine(name)}\n`
  for (const { durationMs, artist, title, path } of songs) {
    const head = `#EXTINF:${Math.round(durationMs / 1000)},${oneLine(`${artist} - ${title}`)}`
    yield `${head}\n${oneLine(path.startsWith('#') ? `./${path}` : path)}\n`
  }
}

export function m3uReply(status: number, parts: Iterable<string>, headers: Headers = {}): HttpReply {
  return { kind: 'parts', status, headers: { 'content-type': `${M3U_TYPE}; charset=utf-8`, ...headers }, parts }
}

/** What a person may see of the songs that an M3U names, in its order; '' for a playlist without a name. */
export async function songsOfM3u(
  songs: Pick<SongRepository, 'atPaths'>,
  viewer: Viewer,
  bytes: Uint8Array,
): Promise<{ readonly name: string; readonly songIds: readonly SongId[] }> {
  const find = (entries: readonly string[]) => {
    const candidates = entries.map(candidatesOf)
    const found = songs.atPaths(viewer, [...new Set(candidates.flat())])
    return candidates.map((paths) => {
      const path = paths.find((one) => found.has(one))
      return path === undefined ? undefined : found.get(path)
    })
  }
  let tried = 0
  const { name, entries } = readM3u(bytes, (entry) => {
    if (entry.length > TRIED_ENTRY) return false
    tried += entry.length
    return tried <= TRIED_CHARACTERS && find([entry])[0] !== undefined
  })
  const songIds: SongId[] = []
  for (const slice of slicesOf(entries)) {
    for (const id of find(slice)) if (id !== undefined) songIds.push(id)
    await turn()
  }
  // The database ends a text at the first NUL.
  return { name: name.replaceAll('\0', '').slice(0, MAX_NAME).trim(), songIds }
}

function* slicesOf(entries: readonly string[]): Iterable<readonly string[]> {
  let slice: string[] = []
  let characters = 0
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY) continue
    slice.push(entry)
    characters += entry.length
    if (slice.length < SLICE && characters < SLICE_CHARACTERS) continue
    yield slice
    slice = []
    characters = 0
  }
  if (slice.length > 0) yield slice
}

/** Best first: the whole path, then without one more of the folders in front each time, composed or not. */
function candidatesOf(entry: string): readonly string[] {
  const candidates = new Set<string>()
  for (const path of pathsOfEntry(entry)) {
    if (path.length > MAX_PATH) continue
    const parts = path.split('/').filter((part) => part !== '' && part !== '.')
    for (let from = 0; from < Math.min(parts.length, MOST_FOLDERS); from++) {
      const rest = parts.slice(from).join('/')
      for (const form of [rest, rest.normalize('NFC'), rest.normalize('NFD')]) candidates.add(form)
    }
  }
  return [...candidates]
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
