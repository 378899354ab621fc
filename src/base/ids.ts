/**
 * Ids. Inside, every entity is an integer row id with a brand; outside it is a letter and that number in base 36
 * (`s1a`): never purely numeric (old Clementine makes IP addresses of those), without characters that need escapes.
 * Libraries are the exception: Subsonic's `musicFolder.id` is an integer.
 */
declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type LibraryId = Brand<number, 'library'>
export type SongId = Brand<number, 'song'>
export type AlbumId = Brand<number, 'album'>
export type ArtistId = Brand<number, 'artist'>
export type FolderId = Brand<number, 'folder'>
export type PlaylistId = Brand<number, 'playlist'>
export type RadioId = Brand<number, 'radio'>
export type UserId = Brand<number, 'user'>
export type ApiKeyId = Brand<number, 'apiKey'>
export type GenreId = Brand<number, 'genre'>

const PREFIX = {
  song: 's',
  album: 'a',
  artist: 'r',
  folder: 'd',
  playlist: 'p',
  radio: 'i',
  user: 'u',
  apiKey: 'k',
  genre: 'g',
} as const

export type IdKind = keyof typeof PREFIX

interface KeyOf {
  song: SongId
  album: AlbumId
  artist: ArtistId
  folder: FolderId
  playlist: PlaylistId
  radio: RadioId
  user: UserId
  apiKey: ApiKeyId
  genre: GenreId
}

/** A decoded public id: its kind and row id. */
export type PublicId = { [K in IdKind]: { readonly kind: K; readonly key: KeyOf[K] } }[IdKind]

/** The kinds that a client may star, rate, play or show a cover of. */
export type MediaKind = 'song' | 'album' | 'artist' | 'folder' | 'playlist'

const KIND_BY_PREFIX = new Map<string, IdKind>(
  (Object.entries(PREFIX) as [IdKind, string][]).map(([kind, letter]) => [letter, kind]),
)

export function encodeId<K extends IdKind>(kind: K, key: KeyOf[K]): string {
  return PREFIX[kind] + key.toString(36)
}

/**
 * Reads a public id. A trailing `_<hex>` (the version of a cover id, which some clients cut off themselves) is ignored.
 * @returns undefined when the text is no id of ours.
 */
export function decodeId(text: string): PublicId | undefined {
  const match = /^([a-z])([0-9a-z]{1,11})(?:_[0-9a-f]+)?$/.exec(text)
  if (!match) return undefined
  const kind = KIND_BY_PREFIX.get(match[1] as string)
  const key = Number.parseInt(match[2] as string, 36)
  if (!kind || !Number.isSafeInteger(key) || key < 1) return undefined
  return { kind, key } as PublicId
}

/** Reads a public id of one kind; undefined for any other. */
export function decodeIdOf<K extends IdKind>(kind: K, text: string): KeyOf[K] | undefined {
  const id = decodeId(text)
  return id?.kind === kind ? (id.key as KeyOf[K]) : undefined
}

/** The `<hex>` of `a1f_<hex>`: which version of a cover a client asks for; undefined when its id names none. */
export function versionOf(text: string): string | undefined {
  return /_([0-9a-f]+)$/.exec(text)?.[1]
}
