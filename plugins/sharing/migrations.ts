import type { Migration } from 'tonearm/plugin'

export const MIGRATIONS: readonly Migration[] = [
  {
    up: [
      'CREATE TABLE sharing_key (id INTEGER PRIMARY KEY, secret TEXT NOT NULL)',
      // root_id: whose library rights count; the owner, unless a share was passed on. A revoked share stays for a while.
      `CREATE TABLE sharing_share (
        id TEXT PRIMARY KEY,
        owner_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        root_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        source_id TEXT REFERENCES sharing_share(id) ON DELETE CASCADE,
        recipient TEXT NOT NULL,
        recipient_id INTEGER REFERENCES user(id) ON DELETE CASCADE,
        description TEXT NOT NULL,
        contents TEXT NOT NULL,
        format TEXT NOT NULL,
        max_bit_rate INTEGER NOT NULL,
        can_view INTEGER NOT NULL,
        can_stream INTEGER NOT NULL,
        can_download INTEGER NOT NULL,
        can_reshare INTEGER NOT NULL,
        password TEXT NOT NULL,
        salt TEXT NOT NULL,
        expires_at INTEGER,
        max_views INTEGER NOT NULL,
        views INTEGER NOT NULL DEFAULT 0,
        max_downloads INTEGER NOT NULL,
        downloads INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        last_visited_at INTEGER,
        revoked_at INTEGER,
        told INTEGER NOT NULL DEFAULT 0
      )`,
      'CREATE INDEX sharing_share_owner ON sharing_share(owner_id, created_at)',
      'CREATE INDEX sharing_share_recipient ON sharing_share(recipient_id)',
      'CREATE INDEX sharing_share_source ON sharing_share(source_id)',
      'CREATE INDEX sharing_share_root ON sharing_share(root_id)',
      `CREATE TABLE sharing_target (
        share_id TEXT NOT NULL REFERENCES sharing_share(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        kind TEXT NOT NULL,
        ref TEXT NOT NULL,
        song_id INTEGER REFERENCES song(id) ON DELETE CASCADE,
        album_id INTEGER REFERENCES album(id) ON DELETE CASCADE,
        artist_id INTEGER REFERENCES artist(id) ON DELETE CASCADE,
        library_id INTEGER REFERENCES library(id) ON DELETE CASCADE,
        PRIMARY KEY (share_id, position)
      )`,
      'CREATE INDEX sharing_target_song ON sharing_target(song_id)',
      'CREATE INDEX sharing_target_album ON sharing_target(album_id)',
      'CREATE INDEX sharing_target_artist ON sharing_target(artist_id)',
      'CREATE INDEX sharing_target_library ON sharing_target(library_id)',
      // A playlist as it was when it was shared.
      `CREATE TABLE sharing_song (
        share_id TEXT NOT NULL REFERENCES sharing_share(id) ON DELETE CASCADE,
        target INTEGER NOT NULL,
        position INTEGER NOT NULL,
        song_id INTEGER NOT NULL REFERENCES song(id) ON DELETE CASCADE,
        PRIMARY KEY (share_id, target, position)
      )`,
      'CREATE INDEX sharing_song_song ON sharing_song(song_id)',
      `CREATE TABLE sharing_activity (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        share_id TEXT NOT NULL REFERENCES sharing_share(id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        action TEXT NOT NULL,
        actor TEXT NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
      )`,
      'CREATE INDEX sharing_activity_share ON sharing_activity(share_id, id)',
      `CREATE TABLE sharing_note (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        share_id TEXT NOT NULL,
        type TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        read_at INTEGER,
        title TEXT NOT NULL,
        body TEXT NOT NULL
      )`,
      'CREATE INDEX sharing_note_user ON sharing_note(user_id, read_at)',
    ],
  },
  {
    up: ['CREATE INDEX sharing_share_end ON sharing_share(expires_at) WHERE revoked_at IS NULL AND told < 2'],
  },
  {
    // What is in a share is said as its owner sees it when it is read: kept with a note is what they wrote alone.
    up: [
      `UPDATE sharing_note SET body =
        coalesce((SELECT s.description FROM sharing_share s WHERE s.id = sharing_note.share_id), '')`,
    ],
  },
  {
    // Notes are written together with what they tell of, and said aloud afterwards.
    up: [
      'ALTER TABLE sharing_note ADD COLUMN pending INTEGER NOT NULL DEFAULT 0',
      'CREATE INDEX sharing_note_pending ON sharing_note(id) WHERE pending = 1',
    ],
  },
  {
    // Pages of lists in their order, for owners, recipients and administrators with many thousands of shares.
    up: [
      'CREATE INDEX sharing_share_owned ON sharing_share(owner_id, created_at DESC, id) WHERE revoked_at IS NULL',
      'CREATE INDEX sharing_share_given ON sharing_share(recipient_id, created_at DESC, id) WHERE revoked_at IS NULL',
      'CREATE INDEX sharing_share_created ON sharing_share(created_at DESC, id) WHERE revoked_at IS NULL',
      `CREATE INDEX sharing_share_everyone ON sharing_share(created_at DESC, id)
       WHERE recipient = 'everyone' AND revoked_at IS NULL`,
    ],
  },
]
