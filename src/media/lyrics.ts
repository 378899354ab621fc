import { dirname, extname, join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { encodeId, type SongId } from '../base/ids.ts'
import { languageTag } from '../base/lrc.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { LyricsAnswer } from '../hooks/hooks.ts'
import type { EmbeddedLyrics, Song, Viewer } from '../library/entities.ts'
import type { SongRepository } from '../library/song-repository.ts'
import type { Logger } from '../log/logger.ts'
import { createSidecarReader, languageOfName } from './lyrics/sidecar.ts'

/** Lyrics of a song: files beside it, embedded, then plugins (`media.lyrics`), in the order of the setting. */
export interface Lyrics {
  /** [] when there are none. Rejects with NOT_FOUND for an unknown song. */
  ofSong(viewer: Viewer, id: SongId): Promise<readonly EmbeddedLyrics[]>
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
/** Bounds of what a plugin answers. */
const MAX_ANSWERS = 10
const MAX_LINES = 10_000
const MAX_LINE = 2_000
const UNKNOWN = 'und'

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
      if (!text || text.lines.length === 0) continue
      const lang = text.lang ?? languageOfName(name, path) ?? UNKNOWN
      found.push({ lang, synced: text.synced, offsetMs: text.offsetMs, lines: text.lines })
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
    return (answers ?? []).slice(0, MAX_ANSWERS).map(bounded)
  }

  return {
    async ofSong(viewer, id) {
      const song = songs.find(viewer, id)
      if (!song) throw new AppError('NOT_FOUND', 'There is no such song.')
      for (const entry of priority) {
        const name = entry.trim().toLowerCase()
        const found =
          name === EMBEDDED
            ? song.hasEmbeddedLyrics
              ? songs.embeddedLyrics(viewer, id)
              : []
            : await fromFiles(viewer, song, name.startsWith('.') ? name : `.${name}`)
        if (found.length > 0) return found
      }
      return fromPlugins(viewer, song)
    },
  }
}

/** Names come from a directory listing; one that is a path is somebody's trick. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
}

function bounded(answer: LyricsAnswer): EmbeddedLyrics {
  const lines = answer.lines.slice(0, MAX_LINES)
  const synced = answer.synced && lines.every(({ ms }) => typeof ms === 'number' && ms >= 0)
  return {
    lang: languageTag(answer.lang) ?? UNKNOWN,
    synced,
    offsetMs: Math.trunc(answer.offsetMs ?? 0) || 0,
    lines: lines.map(({ ms, text }) => {
      const words = String(text).slice(0, MAX_LINE)
      return synced && ms !== undefined ? { ms: Math.trunc(ms), text: words } : { text: words }
    }),
  }
}
