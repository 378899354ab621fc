// Generated from the sources by `npm run plugin:types`; a test fails when it is out of date.
import type { AlbumId, ArtistId, LibraryId, SongId } from './ids.js';
/**
 * What a user may see, as data. Repositories compile it to SQL; nobody filters rows afterwards.
 * `deny` beats `libraries`; `grants` are single songs that are visible beyond both (a share addressed to the user).
 */
export interface AccessScope {
    readonly libraries: 'all' | readonly LibraryId[];
    readonly deny?: {
        /** Genre names, compared folded. A song of such a genre is hidden. */
        readonly genres?: readonly string[];
        /** Songs tagged explicit are hidden. */
        readonly explicit?: true;
        /** Folders relative to their library's root, `<libraryId>:<path>`; everything below is hidden. */
        readonly paths?: readonly string[];
        readonly songs?: readonly SongId[];
        readonly albums?: readonly AlbumId[];
        readonly artists?: readonly ArtistId[];
    };
    readonly grants?: readonly SongId[];
}
/** Everything: administrators and the server's own work. */
export declare const FULL_SCOPE: AccessScope;
/** Nothing: what a failed gate leaves. */
export declare const EMPTY_SCOPE: AccessScope;
/** True when only whole libraries decide, so that stored totals are right. */
export declare function isWholeLibraries(scope: AccessScope): boolean;
/** What both allow. Denials add up; grants survive only where both grant. */
export declare function intersectScopes(a: AccessScope, b: AccessScope): AccessScope;
/** The scope limited to these libraries; unknown or foreign ids simply vanish. Grants go: they name no library. */
export declare function narrowToLibraries(scope: AccessScope, ids: readonly LibraryId[]): AccessScope;
export declare function mayUseLibrary(scope: AccessScope, id: LibraryId): boolean;
