/**
 * What plugins with the permission `admin` may do beyond reading: the same as an administrator. Part of `tonearm/plugin`.
 * Times are ms since 1970, undefined = never. Errors carry a `code` of the server's table; where one field is wrong,
 * `details` names it: `{field, problem}`.
 */
export interface Admin {
  /** Music folders. */
  readonly libraries: LibraryAdmin
  /** Accounts. */
  readonly users: UserAdmin
  /** Songs whose files are gone. */
  readonly missing: MissingAdmin
  /** Looking for new music. */
  readonly scans: ScanAdmin
  /** Every setting by section, secrets masked; undefined unless `dev.showConfig`. */
  config(): Promise<Readonly<Record<string, unknown>> | undefined>
  /** The tags of a song's file as they are on disk now. Rejects with NOT_FOUND, also unless `inspect.enabled`; BUSY. */
  inspect(songId: string): Promise<Inspection>
  /** What runs, and since when. */
  server(): Promise<{ readonly version: string; readonly startedAt: number }>
}

export interface LibraryInfo {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly recursive: boolean
  readonly followSymlinks: boolean
  readonly excludePatterns: readonly string[]
  /** New users may use it. */
  readonly defaultNewUsers: boolean
  /** The configuration file names it: what it says there can't be changed here. */
  readonly fromConfig: boolean
  readonly state: 'new' | 'ok' | 'lost'
  /** Why it looks lost; no path in it. */
  readonly stateReason: string
  readonly scanning: boolean
  readonly fullScan: boolean
  readonly songCount: number
  readonly albumCount: number
  readonly artistCount: number
  readonly folderCount: number
  readonly missingCount: number
  readonly durationMs: number
  readonly size: number
  readonly lastScanAt: number | undefined
  readonly lastScanStartedAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

export interface LibraryInput {
  readonly name?: string
  readonly path?: string
  readonly recursive?: boolean
  readonly followSymlinks?: boolean
  /** As in .gitignore. */
  readonly excludePatterns?: readonly string[]
  readonly defaultNewUsers?: boolean
}

/** Changes start a scan; no file is ever touched. */
export interface LibraryAdmin {
  /** All of them. */
  list(): Promise<readonly LibraryInfo[]>
  /** Undefined when there is none. */
  get(id: number): Promise<LibraryInfo | undefined>
  /** Adds one. */
  create(input: LibraryInput & { readonly name: string; readonly path: string }): Promise<LibraryInfo>
  /** What is left out stays. */
  update(id: number, input: LibraryInput): Promise<LibraryInfo>
  /** With all its music, from the database. */
  remove(id: number): Promise<void>
}

export interface AccountInfo {
  readonly id: string
  readonly name: string
  readonly fullName: string
  readonly email: string
  readonly isAdmin: boolean
  readonly roles: readonly string[]
  /** kbit/s; 0 = no limit. */
  readonly maxBitRate: number
  /** Granted libraries; of an administrator all. */
  readonly libraries: readonly number[]
  readonly lastLoginAt: number | undefined
  readonly lastAccessAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

export interface AccountInput {
  readonly name?: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin?: boolean
  readonly roles?: readonly string[]
  readonly maxBitRate?: number
  readonly libraries?: readonly number[]
  readonly password?: string
}

export interface UserAdmin {
  /** All of them. */
  list(): Promise<readonly AccountInfo[]>
  /** Undefined when there is none. */
  get(id: string): Promise<AccountInfo | undefined>
  /** Adds one; without `roles` with those of a new user. */
  create(input: AccountInput & { readonly name: string; readonly password: string }): Promise<AccountInfo>
  /** What is left out stays. */
  update(id: string, input: AccountInput): Promise<AccountInfo>
  /** With everything that was theirs. */
  remove(id: string): Promise<void>
  /** Throttled like a login from `address`. */
  checkPassword(id: string, password: string, address: string): Promise<boolean>
}

export interface MissingFileInfo {
  readonly id: string
  readonly libraryId: number
  /** Relative to the library's folder. */
  readonly path: string
  readonly title: string
  readonly album: string
  readonly artist: string
  readonly size: number
  readonly durationMs: number
  /** Missing songs of the same album, this one among them. */
  readonly missingInAlbum: number
  readonly missingSince: number
}

export interface MissingAdmin {
  /** A page of them, and how many there are. */
  list(query: {
    readonly libraries?: readonly number[]
    readonly ids?: readonly string[]
    /** How a text begins, whatever the case of a to z; one of these for each named. */
    readonly beginnings?: Readonly<Partial<Record<'path' | 'title' | 'album' | 'artist', readonly string[]>>>
    readonly sort?: 'path' | 'title' | 'album' | 'artist' | 'size' | 'missingSince' | 'id'
    readonly descending?: boolean
    readonly offset?: number
    /** At most 10,000. */
    readonly limit?: number
  }): Promise<{ readonly items: readonly MissingFileInfo[]; readonly total: number }>
  /** All, or these. Rejects with LIBRARY_LOST while a root looks lost. @returns the ids that went (or would go). */
  purge(request: { readonly ids?: readonly string[]; readonly dryRun?: boolean }): Promise<readonly string[]>
}

export interface ScanAdmin {
  /** Resolves when it has begun. */
  start(request?: { readonly full?: boolean; readonly libraries?: readonly number[] }): Promise<void>
  /** How far a scan is, or how the last one ended. */
  status(): Promise<{
    readonly scanning: boolean
    readonly count: number
    readonly folderCount: number
    readonly lastScanAt: number | undefined
    readonly lastError: string | undefined
    readonly elapsedMs: number
  }>
}

export interface Inspection {
  /** Relative to the library's folder. */
  readonly file: string
  /** Names of our mapping, each with its values. */
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly audio: Readonly<Record<string, string | number>>
  readonly hasPicture: boolean
}

/** For plugins that answer `access.scope`: the core remembers whom they narrow. */
export interface Guarded {
  /**
   * Exactly these users from now on (public ids). Whenever this plugin does not answer `access.scope` (switched off,
   * failed, removed), they see nothing. Say it before a rule is stored, and after one was taken away.
   */
  set(userIds: readonly string[]): Promise<void>
}
