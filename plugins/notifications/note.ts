import type { Level } from './topics.ts'

/** What a share holds: `{kind: 'album', id}`. */
export interface Target {
  readonly kind: string
  readonly id: string
}

/**
 * What a note is about, without a name of anything in the library: those are read when the note is shown, as whoever
 * looks at it sees the library then.
 */
export interface NoteData {
  readonly shareId?: string
  readonly targets?: readonly Target[]
  /** Of a share whose end has come already. */
  readonly ended?: boolean
  /** Words of a share's owner for those who get it. */
  readonly description?: string
  /** New songs by album. */
  readonly albums?: readonly { readonly id: string; readonly songs: number }[]
  /** There was more than is listed here. */
  readonly truncated?: boolean
  readonly count?: number
  readonly libraryId?: number
  /** For whoever is an administrator when it is read. */
  readonly admin?: boolean
  /** For administrators alone. */
  readonly reason?: string
  readonly freeBytes?: number
  readonly totalBytes?: number
  readonly address?: string
  readonly client?: string
  /** Of the user that failed logins were for; absent for a name that nobody has. */
  readonly subjectId?: string
  /** Texts that came ready-made. */
  readonly title?: string
  readonly body?: string
}

export interface Note {
  readonly id: number
  readonly userId: number
  /** Grows with every change of any note. */
  readonly seq: number
  readonly topic: string
  readonly level: Level
  /** Unread notes of one user with the same key, which is not '', are one. */
  readonly groupKey: string
  readonly data: NoteData
  readonly createdAt: number
  readonly updatedAt: number
  readonly readAt: number | null
}

export interface NewNote {
  readonly topic: string
  readonly level: Level
  readonly groupKey?: string
  readonly data: NoteData
}

/** What becomes of a note when another of its key comes: albums come together, all else is as it is now. */
export function merged(before: NoteData, after: NoteData): NoteData {
  if (after.albums) {
    const albums = new Map((before.albums ?? []).map(({ id, songs }) => [id, songs]))
    for (const { id, songs } of after.albums) albums.set(id, (albums.get(id) ?? 0) + songs)
    const list = [...albums].map(([id, songs]) => ({ id, songs }))
    const truncated = before.truncated === true || after.truncated === true || list.length > MAX_ALBUMS
    return { ...after, albums: list.slice(-MAX_ALBUMS), ...(truncated ? { truncated } : {}) }
  }
  return after
}

/** Albums that one note lists. */
export const MAX_ALBUMS = 200
