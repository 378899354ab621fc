const WORDS = `content='', contentless_delete=1, prefix='1 2 3', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"`

/** Search indexes that keep the vowel signs of words, and signs as words of their own. They are filled again at the start. */
export const searchMarks: readonly string[] = [
  'DROP TABLE song_search',
  'DROP TABLE album_search',
  'DROP TABLE artist_search',
  `CREATE VIRTUAL TABLE song_search USING fts5 (title, artist, album, ${WORDS})`,
  `CREATE VIRTUAL TABLE album_search USING fts5 (name, artist, ${WORDS})`,
  `CREATE VIRTUAL TABLE artist_search USING fts5 (name, ${WORDS})`,
]
