import type { LibraryId, SongId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import type { SongDraft, SongFile } from '../library/scan-draft.ts'
import { type LostSong, type ScanRecords, soundKind } from '../library/scan-records.ts'
import type { ScanSongs } from '../library/scan-songs.ts'
import { nameOf, parentOf } from './folder-listing.ts'
import { UNKNOWN_ALBUM, UNKNOWN_ARTIST } from './names.ts'

/** Lengths that differ by less are the same recording. */
const SAME_LENGTH_MS = 1000
/** Shorter ones (jingles, clips) share their exact length with others too often. */
const TELLING_LENGTH_MS = 30_000

/**
 * Knows new files again as songs whose file is gone: by what their tags say they are, else by size, time and length,
 * else by name, else (renamed and retagged at once, as taggers do) by the sound: when of all songs one single one, which
 * vanished in this scan, has exactly its length, rate, channels and codec, and title, artist, album or folder stayed the
 * same. Books that are cut into equal parts have no such length. No hash of the sound is kept for that: it would cost
 * each first scan a seek a file. Each lost song is given out once.
 */
export class SongMoves {
  readonly #lost = new Map<SongId, LostSong>()
  readonly #taken = new Set<SongId>()
  readonly #byStamp = new Map<string, SongId[]>()
  readonly #byName = new Map<string, SongId[]>()
  readonly #bySound = new Map<string, SongId[]>()
  /** Of songs that are there: what sounds like them tells nothing. Asked for when it is needed. */
  #otherSounds: ReadonlySet<string> | undefined
  readonly #songs: Pick<ScanSongs, 'byPid' | 'ofLengths'>
  readonly #libraryId: LibraryId

  /** `vanished` in this scan, `missing` since earlier ones. */
  constructor(
    libraryId: LibraryId,
    { vanished, missing }: { readonly vanished: readonly LostSong[]; readonly missing: readonly LostSong[] },
    songs: Pick<ScanSongs, 'byPid' | 'ofLengths'>,
  ) {
    this.#libraryId = libraryId
    this.#songs = songs
    for (const { id, sound, durationMs } of vanished)
      if (durationMs >= TELLING_LENGTH_MS) push(this.#bySound, soundKey({ durationMs, sound }), id)
    for (const song of [...vanished, ...missing]) {
      this.#lost.set(song.id, song)
      push(this.#byStamp, `${song.size} ${song.mtimeMs}`, song.id)
      push(this.#byName, nameOf(song.path), song.id)
    }
  }

  static of(
    libraryId: LibraryId,
    vanished: readonly SongId[],
    records: Pick<ScanRecords, 'missing' | 'lost'>,
    songs: Pick<ScanSongs, 'byPid' | 'ofLengths'>,
  ): SongMoves {
    const now = vanished.flatMap((id) => records.lost(id) ?? [])
    return new SongMoves(libraryId, { vanished: now, missing: records.missing(libraryId) }, songs)
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
      ) ??
      this.#bySameSound(draft, file)
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

  #bySameSound(draft: SongDraft, file: SongFile): LostSong | undefined {
    const key = soundKey({ durationMs: draft.durationMs, sound: soundKind(draft) })
    const [only, ...others] = this.#bySound.get(key) ?? []
    const song = only === undefined || others.length > 0 ? undefined : this.#lost.get(only)
    if (!song) return undefined
    const stayed =
      fold(song.title) === fold(draft.title) ||
      isSameName(song.artist, draft.artist, UNKNOWN_ARTIST) ||
      isSameName(song.album, draft.album.name, UNKNOWN_ALBUM) ||
      parentOf(song.path) === parentOf(file.path)
    this.#otherSounds ??= this.#soundsOfOthers()
    return stayed && !this.#otherSounds.has(key) ? song : undefined
  }

  #soundsOfOthers(): ReadonlySet<string> {
    const lengths = new Set(
      [...this.#bySound.values()].flatMap(([id]) => this.#lost.get(id as SongId)?.durationMs ?? []),
    )
    const others = this.#songs
      .ofLengths(this.#libraryId, [...lengths])
      .filter(({ id }) => !this.#lost.has(id) && !this.#taken.has(id))
    return new Set(others.map(soundKey))
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

function soundKey({ durationMs, sound }: Pick<LostSong, 'durationMs' | 'sound'>): string {
  return `${durationMs} ${sound}`
}

/** Two that both have no name have nothing in common. */
function isSameName(one: string, other: string, unknown: string): boolean {
  return one !== unknown && fold(one) === fold(other)
}

function sameLength(a: number, b: number): boolean {
  return Math.abs(a - b) < SAME_LENGTH_MS
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
