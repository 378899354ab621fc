/**
 * The first schema. Migrations are never edited after a release: expand, then contract.
 * Times are milliseconds since 1970; durations milliseconds; sizes bytes; `missing` 1 = the file is gone, the row waits.
 * `*_key` columns are folded text for equality, `order_*` columns folded text for sorting (articles removed).
 * JSON columns are denormalised for reading in one query; the join tables beside them serve filters.
 * `artist_id` columns of songs and albums are copies of the credits and no foreign keys: without an index (a cost for
 * each song) the deletion of one artist would read the whole song table.
 */
export const initial: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,

  `CREATE TABLE library (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE,
    recursive INTEGER NOT NULL DEFAULT 1,
    follow_symlinks INTEGER NOT NULL DEFAULT 1,
    exclude_patterns TEXT NOT NULL DEFAULT '[]',
    default_new_users INTEGER NOT NULL DEFAULT 1,
    from_config INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'new',
    state_reason TEXT NOT NULL DEFAULT '',
    scan_pending TEXT NOT NULL DEFAULT '',
    song_count INTEGER NOT NULL DEFAULT 0,
    album_count INTEGER NOT NULL DEFAULT 0,
    artist_count INTEGER NOT NULL DEFAULT 0,
    folder_count INTEGER NOT NULL DEFAULT 0,
    missing_count INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    last_scan_started_at INTEGER,
    last_scan_at INTEGER,
    changed_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  )`,

  `CREATE TABLE folder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES folder(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    order_name TEXT NOT NULL,
    mtime_ms INTEGER NOT NULL DEFAULT 0,
    signature TEXT NOT NULL DEFAULT '',
    images TEXT NOT NULL DEFAULT '[]',
    cover_version TEXT NOT NULL DEFAULT '',
    song_count INTEGER NOT NULL DEFAULT 0,
    total_songs INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (library_id, path)
  )`,
  `CREATE INDEX folder_parent ON folder (parent_id, missing, order_name)`,
  /** What folder clients call albums: folders that hold songs themselves. */
  `CREATE INDEX folder_album_name ON folder (missing, order_name, id, library_id) WHERE song_count > 0`,
  `CREATE INDEX folder_album_path ON folder (missing, path, id, library_id) WHERE song_count > 0`,
  `CREATE INDEX folder_album_newest ON folder (missing, created_at, id, library_id) WHERE song_count > 0`,
  `CREATE INDEX folder_page ON folder (missing, id, library_id, total_songs, song_count)`,

  `CREATE TABLE artist (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL DEFAULT '',
    order_name TEXT NOT NULL,
    musicbrainz_id TEXT NOT NULL DEFAULT '',
    cover_version TEXT NOT NULL DEFAULT '',
    missing INTEGER NOT NULL DEFAULT 0,
    rating_sum INTEGER NOT NULL DEFAULT 0,
    rating_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  )`,
  `CREATE INDEX artist_order ON artist (missing, order_name, id)`,
  `CREATE INDEX artist_page ON artist (missing, id)`,

  `CREATE TABLE album (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    folder_id INTEGER REFERENCES folder(id) ON DELETE SET NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL DEFAULT '',
    order_name TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    artist TEXT NOT NULL,
    artist_id INTEGER NOT NULL,
    order_artist TEXT NOT NULL,
    artists TEXT NOT NULL DEFAULT '[]',
    min_year INTEGER NOT NULL DEFAULT 0,
    max_year INTEGER NOT NULL DEFAULT 0,
    date TEXT NOT NULL DEFAULT '',
    original_date TEXT NOT NULL DEFAULT '',
    release_date TEXT NOT NULL DEFAULT '',
    compilation INTEGER NOT NULL DEFAULT 0,
    explicit TEXT NOT NULL DEFAULT '',
    song_count INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    genres TEXT NOT NULL DEFAULT '[]',
    moods TEXT NOT NULL DEFAULT '[]',
    record_labels TEXT NOT NULL DEFAULT '[]',
    release_types TEXT NOT NULL DEFAULT '[]',
    disc_titles TEXT NOT NULL DEFAULT '[]',
    catalog_number TEXT NOT NULL DEFAULT '',
    musicbrainz_id TEXT NOT NULL DEFAULT '',
    musicbrainz_release_group_id TEXT NOT NULL DEFAULT '',
    cover_version TEXT NOT NULL DEFAULT '',
    missing INTEGER NOT NULL DEFAULT 0,
    rating_sum INTEGER NOT NULL DEFAULT 0,
    rating_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (library_id, key)
  )`,
  `CREATE INDEX album_by_name ON album (missing, order_name, id, library_id)`,
  `CREATE INDEX album_by_artist ON album (missing, order_artist, order_name, id, library_id)`,
  `CREATE INDEX album_newest ON album (missing, created_at, id, library_id)`,
  `CREATE INDEX album_by_year ON album (missing, max_year, order_name, id, library_id, min_year)`,
  `CREATE INDEX album_page ON album (missing, id, library_id)`,
  `CREATE INDEX album_folder ON album (folder_id)`,

  `CREATE TABLE song (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    folder_id INTEGER NOT NULL REFERENCES folder(id) ON DELETE CASCADE,
    album_id INTEGER NOT NULL REFERENCES album(id),
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ms INTEGER NOT NULL,
    suffix TEXT NOT NULL,
    pid TEXT NOT NULL,
    title TEXT NOT NULL,
    sort_title TEXT NOT NULL DEFAULT '',
    order_title TEXT NOT NULL,
    album TEXT NOT NULL,
    artist TEXT NOT NULL,
    artist_id INTEGER NOT NULL,
    album_artist TEXT NOT NULL,
    album_artist_id INTEGER NOT NULL,
    credits TEXT NOT NULL DEFAULT '[]',
    track_number INTEGER NOT NULL DEFAULT 0,
    disc_number INTEGER NOT NULL DEFAULT 1,
    disc_subtitle TEXT NOT NULL DEFAULT '',
    year INTEGER NOT NULL DEFAULT 0,
    date TEXT NOT NULL DEFAULT '',
    original_date TEXT NOT NULL DEFAULT '',
    release_date TEXT NOT NULL DEFAULT '',
    duration_ms INTEGER NOT NULL DEFAULT 0,
    bit_rate INTEGER NOT NULL DEFAULT 0,
    sample_rate INTEGER NOT NULL DEFAULT 0,
    bit_depth INTEGER NOT NULL DEFAULT 0,
    channels INTEGER NOT NULL DEFAULT 0,
    codec TEXT NOT NULL DEFAULT '',
    bpm INTEGER NOT NULL DEFAULT 0,
    comment TEXT NOT NULL DEFAULT '',
    compilation INTEGER NOT NULL DEFAULT 0,
    explicit TEXT NOT NULL DEFAULT '',
    genres TEXT NOT NULL DEFAULT '[]',
    moods TEXT NOT NULL DEFAULT '[]',
    isrc TEXT NOT NULL DEFAULT '[]',
    works TEXT NOT NULL DEFAULT '[]',
    movements TEXT NOT NULL DEFAULT '[]',
    groupings TEXT NOT NULL DEFAULT '[]',
    replay_gain TEXT NOT NULL DEFAULT '{}',
    musicbrainz_recording_id TEXT NOT NULL DEFAULT '',
    musicbrainz_track_id TEXT NOT NULL DEFAULT '',
    has_embedded_cover INTEGER NOT NULL DEFAULT 0,
    has_embedded_lyrics INTEGER NOT NULL DEFAULT 0,
    lyrics_files TEXT NOT NULL DEFAULT '[]',
    cover_version TEXT NOT NULL DEFAULT '',
    missing INTEGER NOT NULL DEFAULT 0,
    missing_since INTEGER,
    rating_sum INTEGER NOT NULL DEFAULT 0,
    rating_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (library_id, path)
  )`,
  /** With what scopes ask at their ends, for the same reason as `song_page`. */
  `CREATE INDEX song_album ON song (album_id, missing, disc_number, track_number, order_title, id, library_id, folder_id, explicit)`,
  `CREATE INDEX song_folder ON song (folder_id, missing, id, library_id, album_id, explicit)`,
  /** Narrow: all that scopes ask of a song, and all that totals add up, without reading the wide row. */
  `CREATE INDEX song_page ON song (missing, id, library_id, album_id, folder_id, explicit, duration_ms, size)`,
  `CREATE INDEX song_by_title ON song (missing, order_title, id, library_id)`,
  `CREATE INDEX song_by_year ON song (missing, year, id, library_id, folder_id)`,
  `CREATE INDEX song_pid ON song (library_id, pid)`,
  `CREATE INDEX song_missing ON song (library_id, missing_since) WHERE missing = 1`,

  /** The tags that are not columns: `{name: [values]}`; for the native API, filters and inspection. */
  `CREATE TABLE song_tags (song_id INTEGER PRIMARY KEY REFERENCES song(id) ON DELETE CASCADE, tags TEXT NOT NULL)`,
  /** Embedded lyrics: a JSON array of {lang, synced, offsetMs, lines: [{ms?, text}]}. */
  `CREATE TABLE song_lyrics (song_id INTEGER PRIMARY KEY REFERENCES song(id) ON DELETE CASCADE, lyrics TEXT NOT NULL)`,

  `CREATE TABLE song_artist (
    song_id INTEGER NOT NULL REFERENCES song(id) ON DELETE CASCADE,
    artist_id INTEGER NOT NULL REFERENCES artist(id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    sub_role TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL,
    PRIMARY KEY (song_id, role, position)
  ) WITHOUT ROWID`,
  `CREATE INDEX song_artist_artist ON song_artist (artist_id, role, song_id)`,
  `CREATE TABLE album_artist (
    album_id INTEGER NOT NULL REFERENCES album(id) ON DELETE CASCADE,
    artist_id INTEGER NOT NULL REFERENCES artist(id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (album_id, role, position)
  ) WITHOUT ROWID`,
  `CREATE INDEX album_artist_artist ON album_artist (artist_id, role, album_id)`,
  /** Totals by role; role '' stands for all roles together. Kept by the scanner. */
  `CREATE TABLE artist_stats (
    artist_id INTEGER NOT NULL REFERENCES artist(id) ON DELETE CASCADE,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    song_count INTEGER NOT NULL,
    album_count INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (artist_id, role, library_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX artist_stats_role ON artist_stats (role, library_id, artist_id)`,

  `CREATE TABLE genre (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL)`,
  `CREATE TABLE song_genre (
    song_id INTEGER NOT NULL REFERENCES song(id) ON DELETE CASCADE,
    genre_id INTEGER NOT NULL REFERENCES genre(id) ON DELETE CASCADE,
    PRIMARY KEY (song_id, genre_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX song_genre_genre ON song_genre (genre_id, song_id)`,
  `CREATE TABLE album_genre (
    album_id INTEGER NOT NULL REFERENCES album(id) ON DELETE CASCADE,
    genre_id INTEGER NOT NULL REFERENCES genre(id) ON DELETE CASCADE,
    PRIMARY KEY (album_id, genre_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX album_genre_genre ON album_genre (genre_id, album_id)`,
  `CREATE TABLE genre_stats (
    genre_id INTEGER NOT NULL REFERENCES genre(id) ON DELETE CASCADE,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    song_count INTEGER NOT NULL,
    album_count INTEGER NOT NULL,
    PRIMARY KEY (genre_id, library_id)
  ) WITHOUT ROWID`,

  `CREATE VIRTUAL TABLE song_search USING fts5 (title, artist, album, content='', contentless_delete=1, prefix='1 2 3', tokenize="unicode61 remove_diacritics 0")`,
  `CREATE VIRTUAL TABLE album_search USING fts5 (name, artist, content='', contentless_delete=1, prefix='1 2 3', tokenize="unicode61 remove_diacritics 0")`,
  `CREATE VIRTUAL TABLE artist_search USING fts5 (name, content='', contentless_delete=1, prefix='1 2 3', tokenize="unicode61 remove_diacritics 0")`,

  /**
   * What the cover cache made of a cover version (of song, album, artist, folder): the hash of the stored picture, or ''
   * and a reason when none could be read. `choice`: index of the candidate that was used. Equal pictures share `content`.
   */
  `CREATE TABLE artwork (
    version TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    choice INTEGER NOT NULL DEFAULT 0,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    original INTEGER NOT NULL DEFAULT 0,
    made_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE INDEX artwork_content ON artwork (content)`,
  /** Which versions exist: for making what is new and dropping what is gone without reading the wide tables. */
  `CREATE INDEX song_cover ON song (cover_version, missing)`,
  `CREATE INDEX album_cover ON album (cover_version, missing)`,
  `CREATE INDEX artist_cover ON artist (cover_version, missing)`,
  `CREATE INDEX folder_cover ON folder (cover_version, missing)`,

  /** Files that the reader could not read, left alone until they change. */
  `CREATE TABLE scan_problem (
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (library_id, path)
  ) WITHOUT ROWID`,

  `CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    password_sealed BLOB,
    is_admin INTEGER NOT NULL DEFAULT 0,
    roles TEXT NOT NULL DEFAULT '[]',
    max_bit_rate INTEGER NOT NULL DEFAULT 0,
    credentials_version INTEGER NOT NULL DEFAULT 1,
    last_login_at INTEGER,
    last_access_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  )`,
  `CREATE TABLE user_library (
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    library_id INTEGER NOT NULL REFERENCES library(id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, library_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    last_used_at INTEGER,
    created_at INTEGER NOT NULL
  )`,
  `CREATE INDEX api_key_user ON api_key (user_id)`,

  /** kind: 1 song, 2 album, 3 artist, 4 folder, 5 playlist. */
  `CREATE TABLE annotation (
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    starred_at INTEGER,
    rating INTEGER NOT NULL DEFAULT 0,
    rated_at INTEGER,
    play_count INTEGER NOT NULL DEFAULT 0,
    played_at INTEGER,
    PRIMARY KEY (user_id, kind, item_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX annotation_starred ON annotation (user_id, kind, starred_at, item_id) WHERE starred_at IS NOT NULL`,
  `CREATE INDEX annotation_played ON annotation (user_id, kind, played_at, item_id) WHERE played_at IS NOT NULL`,
  `CREATE INDEX annotation_frequent ON annotation (user_id, kind, play_count, item_id) WHERE play_count > 0`,
  `CREATE INDEX annotation_rated ON annotation (user_id, kind, rating, item_id) WHERE rating > 0`,
  `CREATE INDEX annotation_item ON annotation (kind, item_id)`,

  /**
   * Every counted play, the journal from which annotations are brought up to date (meta 'plays.applied' = last id done).
   * One row is one page written; no index beside the key and no AUTOINCREMENT (a second page) on purpose.
   */
  `CREATE TABLE play (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    song_id INTEGER NOT NULL,
    played_at INTEGER NOT NULL,
    client TEXT NOT NULL DEFAULT ''
  )`,

  `CREATE TABLE playlist (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    comment TEXT NOT NULL DEFAULT '',
    public INTEGER NOT NULL DEFAULT 0,
    library_id INTEGER REFERENCES library(id) ON DELETE SET NULL,
    path TEXT,
    file_signature TEXT NOT NULL DEFAULT '',
    sync INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  )`,
  `CREATE UNIQUE INDEX playlist_file ON playlist (library_id, path) WHERE path IS NOT NULL`,
  `CREATE INDEX playlist_owner ON playlist (owner_id)`,
  `CREATE TABLE playlist_song (
    playlist_id INTEGER NOT NULL REFERENCES playlist(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    song_id INTEGER NOT NULL REFERENCES song(id) ON DELETE CASCADE,
    PRIMARY KEY (playlist_id, position)
  ) WITHOUT ROWID`,
  `CREATE INDEX playlist_song_song ON playlist_song (song_id)`,

  `CREATE TABLE bookmark (
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    song_id INTEGER NOT NULL REFERENCES song(id) ON DELETE CASCADE,
    position_ms INTEGER NOT NULL,
    comment TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, song_id)
  ) WITHOUT ROWID`,
  /** song_ids: a JSON array of row ids, in order, duplicates kept. */
  `CREATE TABLE play_queue (
    user_id INTEGER PRIMARY KEY REFERENCES user(id) ON DELETE CASCADE,
    song_ids TEXT NOT NULL,
    current_index INTEGER NOT NULL,
    position_ms INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  )`,
  `CREATE TABLE radio (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    stream_url TEXT NOT NULL,
    home_page_url TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  )`,
]
