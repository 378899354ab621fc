/** Songs that a scope without explicit content hides, with all that scopes ask of them: found without a walk over all songs. */
export const explicit: readonly string[] = [
  `CREATE INDEX song_explicit ON song (missing, id, library_id, album_id, folder_id) WHERE explicit = 'e'`,
]
