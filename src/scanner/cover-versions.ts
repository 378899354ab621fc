import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { FULL_SCOPE } from '../base/access-scope.ts'
import type { AlbumId, ArtistId, LibraryId, UserId } from '../base/ids.ts'
import type { ArtworkRepository, Covered, CoverFile } from '../library/artwork-repository.ts'
import { coverVersion } from '../library/cover-choice.ts'
import type { Viewer } from '../library/entities.ts'
import type { ScanCovers } from '../library/scan-covers.ts'
import type { KnownFolder, ScanFolders } from '../library/scan-folders.ts'
import type { ScanRecords } from '../library/scan-records.ts'
import type { TimeSlices } from './time-slices.ts'

const EVERYTHING: Viewer = { userId: 0 as UserId, scope: FULL_SCOPE }
/** Items whose pictures are looked at before their versions are written. */
const CHUNK = 25

export interface CoverVersionsOptions {
  /** By root: an album may be that of another library, which gave songs to this one. */
  readonly libraries: ReadonlyMap<string, LibraryId>
  readonly artwork: Pick<ArtworkRepository, 'candidates' | 'discCandidates'>
  readonly covers: ScanCovers
  readonly folders: Pick<ScanFolders, 'setCover'>
  readonly records: Pick<ScanRecords, 'coverVersionAt'>
  readonly slices: TimeSlices
  /** Whether a song's own picture is its cover. */
  readonly ownCovers: boolean
}

/**
 * Stores which picture everything shows, as a version that changes with the picture. The choice itself is the library's
 * (`ArtworkRepository.candidates`), so the version is of the picture that will be sent.
 */
export class CoverVersions {
  readonly #options: CoverVersionsOptions
  /** Versions of picture files by absolute path: a scan asks for the same ones again. */
  readonly #files = new Map<string, string>()

  constructor(options: CoverVersionsOptions) {
    this.#options = options
  }

  async refreshAlbums(ids: readonly AlbumId[]): Promise<void> {
    const { covers, slices, ownCovers } = this.#options
    for (let at = 0; at < ids.length; at += CHUNK) {
      const writes: (() => void)[] = []
      for (const id of ids.slice(at, at + CHUNK)) {
        const version = await this.#version({ kind: 'album', key: id })
        writes.push(() => covers.setAlbum(id, version))
        const discs = new Map<number, string>()
        for (const [disc, song] of covers.titledDiscs(id))
          discs.set(disc, await this.#first(this.#options.artwork.discCandidates(EVERYTHING, song)))
        if (discs.size > 0) writes.push(() => covers.setDiscs(id, discs))
        for (const group of covers.groups(id)) {
          const sample = group.sample ?? (ownCovers ? undefined : group.sample)
          if (sample === undefined && ownCovers) continue
          const own = sample === undefined ? version : await this.#version({ kind: 'song', key: sample })
          writes.push(() => covers.setSongs(id, group, own, !ownCovers))
        }
        await slices.pause()
      }
      await slices.write(writes, (write) => write())
    }
  }

  async refreshArtists(ids: readonly ArtistId[]): Promise<void> {
    const { covers, slices } = this.#options
    for (let at = 0; at < ids.length; at += CHUNK) {
      const writes: (() => void)[] = []
      for (const id of ids.slice(at, at + CHUNK)) {
        const version = covers.isAlbumArtist(id) ? await this.#version({ kind: 'artist', key: id }) : ''
        writes.push(() => covers.setArtist(id, version))
        await slices.pause()
      }
      await slices.write(writes, (write) => write())
    }
  }

  async refreshFolders(list: readonly KnownFolder[]): Promise<void> {
    const { folders, slices } = this.#options
    for (let at = 0; at < list.length; at += CHUNK) {
      const writes: (() => void)[] = []
      for (const folder of list.slice(at, at + CHUNK)) {
        const bare = folder.images === '[]' && folder.songCount === 0
        const version = bare ? '' : await this.#version({ kind: 'folder', key: folder.id })
        if (version !== folder.coverVersion) writes.push(() => folders.setCover(folder, version))
        await slices.pause()
      }
      await slices.write(writes, (write) => write())
    }
  }

  /** Of the best picture that is there; '' = none. */
  #version(item: Covered): Promise<string> {
    return this.#first(this.#options.artwork.candidates(EVERYTHING, item))
  }

  async #first(candidates: readonly CoverFile[]): Promise<string> {
    for (const candidate of candidates) {
      const version = candidate.kind === 'embedded' ? this.#embedded(candidate) : await this.#file(candidate)
      if (version !== '') return version
    }
    return ''
  }

  #embedded({ path, within }: CoverFile): string {
    return this.#options.records.coverVersionAt(this.#libraryAt(within), relative(within, path))
  }

  #libraryAt(root: string): LibraryId {
    return this.#options.libraries.get(root) ?? (0 as LibraryId)
  }

  async #file({ path, within }: CoverFile): Promise<string> {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const file = await stat(path).catch(() => undefined)
    const facts = file?.isFile()
      ? [this.#libraryAt(within), relative(within, path), file.size, Math.trunc(file.mtimeMs)]
      : undefined
    const version = facts ? coverVersion(facts) : ''
    this.#files.set(path, version)
    return version
  }
}
