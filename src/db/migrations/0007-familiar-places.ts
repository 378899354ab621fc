/** Where each user has logged in before: guesses from elsewhere don't lock them out there, also after a restart. */
export const familiarPlaces: readonly string[] = [
  `CREATE TABLE familiar_place (
     user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
     place TEXT NOT NULL,
     client TEXT NOT NULL,
     seen_at INTEGER NOT NULL,
     PRIMARY KEY (user_id, place, client)
   ) STRICT, WITHOUT ROWID`,
]
