import type { LibraryId, SongId } from '../base/ids.ts'
import type { SongDraft, SongFile } from '../library/scan-draft.ts'
import type { LostSong, ScanRecords } from '../library/scan-records.ts'
import type { ScanSongs } from '../library/scan-songs.ts'
import { nameOf } from './folder-listing.ts'

/** Lengths that differ by less are the same recording. */
const SAME_LENGTH_MS = 1000

/**
 * Knows new files again as songs whose file is gone: by what their tags say they are, else by size, time and length,
 * else by name. Each lost song is given out once.
 */
export class SongMoves {
  readonly #lost = new Map<SongId, LostSong>()
  readonly #taken = new Set<SongId>()
  readonly #byStamp = new Map<string, SongId[]>()
  readonly #byName = new Map<string, SongId[]>()
  readonly #songs: Pick<ScanSongs, 'byPid'>
  readonly #libraryId: LibraryId

  constructor(libraryId: LibraryId, lost: Iterable<LostSong>, songs: Pick<ScanSongs, 'byPid'>) {
    this.#libraryId = libraryId
    this.#songs = songs
    for (const song of lost) {
      this.#lost.set(song.id, song)
      push(this.#byStamp, `${song.size} ${song.mtimeMs}`, song.id)
      push(this.#byName, nameOf(song.path), song.id)
    }
  }

  static of(
    libraryId: LibraryId,
    vanished: readonly SongId[],
    records: Pick<ScanRecords, 'missing' | 'lost'>,
    songs: Pick<ScanSongs, 'byPid'>,
  ): SongMoves {
    const now = vanished.flatMap((id) => records.lost(id) ?? [])
    return new SongMoves(libraryId, [...now, ...records.missing(libraryId)], songs)
  }

  /** The lost song that this file is, which is not given out again; undefined for a new one. */
  take(draft: SongDraft, file: SongFile): LostSong | undefined {
    if (this.#lost.size === 0) return undefined
    const found =
      this.#best(this.#songs.byPid(this.#libraryId, draft.pid), draft, file) ??
      this.#best(this.#byStamp.get(`${file.size} ${file.mtimeMs}`) ?? [], draft, file, ({ durationMs }) =>
        sameLength(durationMs, draft.durationMs),
      ) ??
      this.#best(
        this.#byName.get(nameOf(file.path)) ?? [],
        draft,
        file,
        (song) =>
          song.size === file.size || (song.title === draft.title && sameLength(song.durationMs, draft.durationMs)),
      )
    if (found) {
      this.#lost.delete(found.id)
      this.#taken.add(found.id)
    }
    return found
  }

  wasTaken(id: SongId): boolean {
    return this.#taken.has(id)
  }

  /** Files that are back at their own path, so that no other file is taken for them. */
  isBack(id: SongId): void {
    this.#lost.delete(id)
  }

  #best(
    ids: readonly SongId[],
    draft: SongDraft,
    file: SongFile,
    accept: (song: LostSong) => boolean = () => true,
  ): LostSong | undefined {
    const score = (song: LostSong) =>
      (song.size === file.size && song.mtimeMs === file.mtimeMs ? 4 : 0) +
      (nameOf(song.path) === nameOf(file.path) ? 2 : 0) +
      (sameLength(song.durationMs, draft.durationMs) ? 1 : 0)
    let best: LostSong | undefined
    for (const id of ids) {
      const song = this.#lost.get(id)
      if (song && accept(song) && (!best || score(song) > score(best))) best = song
    }
    return best
  }
}

function sameLength(a: number, b: number): boolean {
  return Math.abs(a - b) < SAME_LENGTH_MS
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
