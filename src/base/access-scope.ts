import type { AlbumId, ArtistId, LibraryId, SongId } from './ids.ts'

/**
 * What a user may see, as data. Repositories compile it to SQL; nobody filters rows afterwards.
 * `deny` beats `libraries`; `grants` are single songs that are visible beyond both (a share addressed to the user).
 */
export interface AccessScope {
  readonly libraries: 'all' | readonly LibraryId[]
  readonly deny?: {
    /** Genre names, compared folded. A song of such a genre is hidden. */
    readonly genres?: readonly string[]
    /** Songs tagged explicit are hidden. */
    readonly explicit?: true
    /** Folders relative to their library's root, `<libraryId>:<path>`; everything below is hidden. */
    readonly paths?: readonly string[]
    readonly songs?: readonly SongId[]
    readonly albums?: readonly AlbumId[]
    readonly artists?: readonly ArtistId[]
  }
  readonly grants?: readonly SongId[]
}

/** Everything: administrators and the server's own work. */
export const FULL_SCOPE: AccessScope = Object.freeze({ libraries: 'all' })

/** Nothing: what a failed gate leaves. */
export const EMPTY_SCOPE: AccessScope = Object.freeze({ libraries: Object.freeze([]) })

/** True when only whole libraries decide, so that stored totals are right. */
export function isWholeLibraries(scope: AccessScope): boolean {
  return scope.deny === undefined && (scope.grants === undefined || scope.grants.length === 0)
}

/** What both allow. Denials add up; grants survive only where both grant. */
export function intersectScopes(a: AccessScope, b: AccessScope): AccessScope {
  const libraries =
    a.libraries === 'all'
      ? b.libraries
      : b.libraries === 'all'
        ? a.libraries
        : a.libraries.filter((id) => (b.libraries as readonly LibraryId[]).includes(id))
  const deny = mergeDenials(a.deny, b.deny)
  const grants = a.grants && b.grants ? a.grants.filter((id) => b.grants?.includes(id)) : undefined
  return { libraries, ...(deny ? { deny } : {}), ...(grants && grants.length > 0 ? { grants } : {}) }
}

/** The scope limited to these libraries; unknown or foreign ids simply vanish. Grants go: they name no library. */
export function narrowToLibraries(scope: AccessScope, ids: readonly LibraryId[]): AccessScope {
  return intersectScopes(
    { libraries: scope.libraries, ...(scope.deny ? { deny: scope.deny } : {}) },
    { libraries: ids },
  )
}

export function mayUseLibrary(scope: AccessScope, id: LibraryId): boolean {
  return scope.libraries === 'all' || scope.libraries.includes(id)
}

type Denials = NonNullable<AccessScope['deny']>

function mergeDenials(a: Denials | undefined, b: Denials | undefined): Denials | undefined {
  if (!a || !b) return a ?? b
  const union = <T>(x: readonly T[] | undefined, y: readonly T[] | undefined) => [
    ...new Set([...(x ?? []), ...(y ?? [])]),
  ]
  return {
    genres: union(a.genres, b.genres),
    ...(a.explicit || b.explicit ? { explicit: true as const } : {}),
    paths: union(a.paths, b.paths),
    songs: union(a.songs, b.songs),
    albums: union(a.albums, b.albums),
    artists: union(a.artists, b.artists),
  }
}
