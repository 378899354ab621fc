import { dirname, extname, join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { encodeId, type SongId } from '../base/ids.ts'
import { isEnhanced, UNKNOWN_LANGUAGE, versionsOf } from '../base/lyrics/lyrics-text.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { EmbeddedLyrics, Song, Viewer } from '../library/entities.ts'
import type { SongRepository } from '../library/song-repository.ts'
import type { Logger } from '../log/logger.ts'
import { boundedAnswers } from './lyrics/plugin-answers.ts'
import { createSidecarReader, languageOfName } from './lyrics/sidecar.ts'

/** Lyrics of a song: files beside it, embedded, then plugins (`media.lyrics`), in the order of the setting. */
export interface Lyrics {
  /**
   * [] when there are none. Rejects with NOT_FOUND for an unknown song. Without `enhanced` they are lines and nothing else;
   * with it the first of the sources answers that knows times of words or has translations, else the first.
   */
  ofSong(viewer: Viewer, id: SongId, options?: { readonly enhanced?: boolean }): Promise<readonly EmbeddedLyrics[]>
}

export interface LyricsOptions {
  readonly repositories: { readonly songs: Pick<SongRepository, 'find' | 'absolutePath' | 'embeddedLyrics'> }
  readonly hooks: HookBus
  readonly log: Logger
  /** The setting `lyrics.priority`: endings with a dot, and `embedded`; the first that has something answers. */
  readonly priority: readonly string[]
}

const EMBEDDED = 'embedded'
/** Files of one ending that are read for a song: its languages. */
const MAX_FILES = 10

export function createLyrics({ repositories, hooks, log, priority }: LyricsOptions): Lyrics {
  const { songs } = repositories
  const sidecars = createSidecarReader()

  async function fromFiles(viewer: Viewer, song: Song, ending: string): Promise<readonly EmbeddedLyrics[]> {
    const names = song.lyricsFiles.filter((name) => extname(name).toLowerCase() === ending && isPlainName(name))
    const path = names.length > 0 ? songs.absolutePath(viewer, song.id) : undefined
    if (path === undefined) return []
    const root = path.endsWith(song.path) ? path.slice(0, -song.path.length) || '/' : dirname(path)
    const found: EmbeddedLyrics[] = []
    for (const name of names.slice(0, MAX_FILES)) {
      const text = await sidecars.read(join(dirname(path), name), root).catch((error: unknown) => {
        log.warn('lyrics file not readable', { song: encodeId('song', song.id), code: systemErrorCode(error) })
        return undefined
      })
      if (text) found.push(...versionsOf(text, text.lang ?? languageOfName(name, path) ?? UNKNOWN_LANGUAGE))
    }
    return found
  }

  async function fromPlugins(viewer: Viewer, song: Song): Promise<readonly EmbeddedLyrics[]> {
    if (!hooks.has('media.lyrics')) return []
    const answers = await hooks.provide('media.lyrics', {
      userId: encodeId('user', viewer.userId),
      mediaId: encodeId('song', song.id),
      title: song.title,
      artist: song.artist,
      durationMs: song.durationMs,
    })
    return boundedAnswers(answers ?? [])
  }

  async function* sources(viewer: Viewer, song: Song): AsyncGenerator<readonly EmbeddedLyrics[], void> {
    for (const entry of priority) {
      const name = entry.trim().toLowerCase()
      if (name !== EMBEDDED) yield await fromFiles(viewer, song, name.startsWith('.') ? name : `.${name}`)
      else if (song.hasEmbeddedLyrics) yield songs.embeddedLyrics(viewer, song.id)
    }
  }

  return {
    async ofSong(viewer, id, { enhanced = false } = {}) {
      const song = songs.find(viewer, id)
      if (!song) throw new AppError('NOT_FOUND', 'There is no such song.')
      let first: readonly EmbeddedLyrics[] | undefined
      for await (const found of sources(viewer, song)) {
        if (found.length === 0) continue
        first ??= found
        if (!enhanced || isEnhanced(found)) return enhanced ? found : onlyLines(found)
      }
      if (first) return first
      const answers = await fromPlugins(viewer, song)
      return enhanced ? answers : onlyLines(answers)
    },
  }
}

/** Names come from a directory listing; one that is a path is somebody's trick. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
}

function onlyLines(versions: readonly EmbeddedLyrics[]): readonly EmbeddedLyrics[] {
  return versions
    .filter(({ kind = 'main' }) => kind === 'main')
    .map(({ lang, synced, offsetMs, lines }) => ({ lang, synced, offsetMs, lines }))
}
