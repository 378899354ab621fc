import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Database } from '../../src/db/database.ts'
import { isReservedName, ownTables } from '../../src/plugin/containment/own-tables.ts'
import { assertKindForeignKeys, assertOwnMigration, assertOwnTables } from '../../src/plugin/containment/table-gate.ts'
import { tempDatabase } from '../support/temp-database.ts'

const own = ownTables('my-notes', ['my-notes', 'my', 'my-notes-more'])
const DENIED = { code: 'PERMISSION_DENIED' }

function migrated(t: Parameters<typeof tempDatabase>[0]): Database {
  const db = tempDatabase(t)
  for (const sql of [
    'CREATE TABLE my_notes_item (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER REFERENCES user(id) ON DELETE CASCADE, text TEXT)',
    'CREATE INDEX my_notes_item_user ON my_notes_item (user)',
    'CREATE TABLE my_notes_tag (item INTEGER REFERENCES my_notes_item(id) ON DELETE CASCADE, song INTEGER REFERENCES song(id) ON DELETE SET NULL, name TEXT)',
  ]) {
    assertOwnMigration(db, own, sql)
    db.exec(sql)
  }
  assertKindForeignKeys(db, own)
  db.exec('CREATE TABLE my_notes_more_secret (a); CREATE TABLE other_secret (a)')
  db.run("INSERT INTO user (name, key, password_hash, created_at, updated_at) VALUES ('anna', 'anna', '', 1, 1)")
  return db
}

describe('statements of a plugin', () => {
  const allowed = [
    'SELECT * FROM my_notes_item',
    '  select "text" from [my_notes_item] where id = ? -- a comment about user',
    "INSERT INTO my_notes_item (user, text) VALUES (1, 'user; DROP TABLE user')",
    'INSERT INTO my_notes_item (user, text) VALUES (1, ?) RETURNING id, user',
    'INSERT INTO my_notes_tag SELECT id, NULL, text FROM my_notes_item',
    'INSERT INTO my_notes_item (id, text) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text',
    'UPDATE my_notes_item SET user = 1, text = upper(text) WHERE id IN (SELECT item FROM my_notes_tag)',
    'DELETE FROM my_notes_item WHERE id = 3',
    'DELETE FROM my_notes_item',
    'REPLACE INTO my_notes_item (id, user) VALUES (1, 1)',
    'WITH recent AS (SELECT * FROM my_notes_item ORDER BY id DESC LIMIT 5) SELECT count(*) FROM recent',
    'WITH user AS (SELECT 1 AS id) SELECT * FROM user',
    "SELECT value FROM json_each('[1, 2]') JOIN my_notes_item ON my_notes_item.id = value",
    'SELECT fullkey FROM my_notes_item, json_tree(my_notes_item.text)',
    'VALUES (1, 2)',
  ]
  for (const sql of allowed)
    test(`may be: ${sql}`, (t) => {
      const db = migrated(t)
      assertOwnTables(db, own, sql)
      db.all(sql, sql.includes('?') ? ['1'] : [])
    })

  const refused = [
    'SELECT * FROM user',
    'SELECT name FROM "user"',
    'SELECT name FROM [USER]',
    'SELECT name FROM `uSeR`',
    "SELECT name FROM 'user'",
    'SELECT name FROM main.user',
    'SELECT/**/name/**/FROM/**/user',
    'SELECT count(*) FROM user',
    'SELECT EXISTS (SELECT 1 FROM user WHERE id = 1)',
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM user WHERE key = 'anna')",
    'SELECT id FROM my_notes_item WHERE user IN (SELECT id FROM user)',
    'SELECT (SELECT password_sealed FROM user LIMIT 1)',
    'WITH x AS (SELECT * FROM user) SELECT * FROM x',
    'WITH RECURSIVE x(a) AS (SELECT id FROM user UNION SELECT a + 1 FROM x WHERE a < 9) SELECT * FROM x',
    'INSERT INTO my_notes_item (text) SELECT name FROM user',
    'INSERT INTO my_notes_item (user, text) SELECT id, key FROM user WHERE id = 1',
    'INSERT INTO my_notes_item (text) VALUES ((SELECT key FROM user))',
    'INSERT INTO my_notes_item (id, text) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET text = (SELECT key FROM user)',
    'INSERT INTO my_notes_item (text) VALUES (1) RETURNING (SELECT key FROM user)',
    'UPDATE my_notes_item SET text = (SELECT name FROM user WHERE id = 1)',
    'UPDATE my_notes_item SET text = name FROM user',
    // An index is searched without a row being looked at.
    "INSERT INTO my_notes_item (text) SELECT 1 WHERE 'anna' IN (SELECT key FROM user)",
    'UPDATE my_notes_item SET text = 1 WHERE text IN (SELECT key FROM user)',
    'DELETE FROM my_notes_item WHERE text IN (SELECT name FROM user)',
    'SELECT * FROM my_notes_item LEFT JOIN user ON user.id = my_notes_item.user',
    'SELECT * FROM my_notes_item, my_notes_more_secret',
    'SELECT * FROM other_secret',
    'UPDATE user SET name = name',
    'UPDATE user SET is_admin = 1 WHERE id = 1',
    'DELETE FROM user',
    'INSERT INTO user (name, key, created_at, updated_at) VALUES (1, 1, 1, 1)',
    'REPLACE INTO plugin_setting VALUES (1, 2, 3)',
    'SELECT * FROM sqlite_master',
    'SELECT sql FROM sqlite_schema',
    'SELECT * FROM sqlite_temp_schema',
    'SELECT * FROM sqlite_sequence',
    "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'user'",
    'INSERT INTO my_notes_item (text) SELECT seq FROM sqlite_sequence',
    "SELECT * FROM song_search WHERE song_search MATCH 'a'",
    'SELECT * FROM song_search_data',
    "SELECT * FROM pragma_table_info('user')",
    'SELECT * FROM pragma_table_list',
    "SELECT * FROM 'pragma_database_list'",
    'SELECT * FROM dbstat',
    'SELECT * FROM pragma_module_list, json_each(1)',
    "INSERT INTO song_search(song_search) VALUES ('rebuild')",
    'PRAGMA user_version',
    'PRAGMA foreign_keys = OFF',
    "ATTACH '/etc/passwd' AS x",
    'VACUUM',
    "VACUUM INTO '/tmp/x'",
    'ANALYZE',
    'REINDEX',
    'BEGIN',
    'COMMIT',
    'SAVEPOINT x',
    'EXPLAIN SELECT * FROM my_notes_item',
    'CREATE TABLE my_notes_x (a)',
    'DROP TABLE my_notes_item',
    'CREATE TEMP TABLE my_notes_y (a)',
    'SELECT 1; DELETE FROM user',
    'DELETE FROM my_notes_item; DELETE FROM user',
    'SELECT 1\0; DELETE FROM user',
    '',
    '-- SELECT 1',
  ]
  for (const sql of refused)
    test(`may not be: ${JSON.stringify(sql)}`, (t) => {
      const db = migrated(t)
      assert.throws(() => assertOwnTables(db, own, sql), DENIED)
    })

  test('that do not compile tell so', (t) => {
    const db = migrated(t)
    assert.throws(() => assertOwnTables(db, own, 'SELECT absent FROM my_notes_item'), /no such column/)
    assert.throws(() => assertOwnTables(db, own, 'SELECT * FROM my_notes_absent'), /no such table/)
    assert.throws(() => assertOwnTables(db, own, "SELECT * FROM fts5vocab('main', 'song_search', 'row')"))
  })
})

describe('migrations of a plugin', () => {
  const allowed = [
    'CREATE TABLE my_notes_a (id INTEGER PRIMARY KEY, a TEXT NOT NULL) STRICT',
    'CREATE TABLE IF NOT EXISTS "my_notes_b" (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID',
    'create unique index if not exists my_notes_u on my_notes_item (text)',
    'ALTER TABLE my_notes_item RENAME TO my_notes_thing',
    'ALTER TABLE my_notes_item ADD COLUMN more TEXT',
    'ALTER TABLE my_notes_tag DROP COLUMN name',
    'ALTER TABLE my_notes_tag RENAME COLUMN name TO label',
    'DROP INDEX my_notes_item_user',
    'DROP TABLE IF EXISTS my_notes_tag',
    "INSERT INTO my_notes_item (text) VALUES ('first');",
  ]
  for (const sql of allowed)
    test(`may be: ${sql}`, (t) => {
      const db = migrated(t)
      assertOwnMigration(db, own, sql)
      db.exec(sql)
    })

  const refused = [
    'CREATE TABLE notes (a)',
    'CREATE TABLE user_notes (a)',
    'CREATE TABLE my_notes_more_x (a)',
    'CREATE TABLE main.my_notes_x (a)',
    'CREATE TABLE temp.my_notes_x (a)',
    'CREATE TEMP TABLE my_notes_x (a)',
    'CREATE TEMPORARY TABLE my_notes_x (a)',
    'CREATE TABLE my_notes_x AS SELECT * FROM user',
    'CREATE TABLE my_notes_x/**/AS/**/SELECT * FROM user',
    'CREATE TABLE my_notes_x AS VALUES (1)',
    'CREATE VIEW my_notes_v AS SELECT * FROM user',
    'CREATE TRIGGER my_notes_t AFTER INSERT ON my_notes_item BEGIN DELETE FROM user; END',
    'CREATE TRIGGER my_notes_t AFTER INSERT ON user BEGIN SELECT 1; END',
    'CREATE VIRTUAL TABLE my_notes_f USING fts5(a)',
    'CREATE INDEX my_notes_i ON user (name)',
    'CREATE INDEX user_i ON my_notes_item (text)',
    'DROP TABLE user',
    'DROP TABLE "user"',
    'DROP INDEX song_folder',
    'DROP VIEW my_notes_v',
    'ALTER TABLE user ADD COLUMN x',
    'ALTER TABLE user RENAME TO my_notes_user',
    'ALTER TABLE my_notes_item RENAME TO user2',
    'ALTER TABLE my_notes_item RENAME TO "user2"',
    'CREATE TABLE my_notes_x (a); DROP TABLE user',
    'INSERT INTO my_notes_item (text) SELECT key FROM user',
    'PRAGMA writable_schema = ON',
    "ATTACH ':memory:' AS my_notes_x",
    'DELETE FROM play',
  ]
  for (const sql of refused)
    test(`may not be: ${sql}`, (t) => {
      const db = migrated(t)
      assert.throws(() => assertOwnMigration(db, own, sql), DENIED)
    })

  const unkind = [
    'CREATE TABLE my_notes_k (u INTEGER REFERENCES user(id))',
    'CREATE TABLE my_notes_k (u INTEGER REFERENCES user(id) ON DELETE RESTRICT)',
    'CREATE TABLE my_notes_k (u INTEGER NOT NULL REFERENCES user(id) ON DELETE SET NULL)',
    'CREATE TABLE my_notes_k (u INTEGER REFERENCES user(id) ON DELETE SET NULL CHECK (u IS NOT NULL))',
    'CREATE TABLE my_notes_k (u TEXT REFERENCES user(name) ON DELETE CASCADE)',
    'CREATE TABLE my_notes_k (u INTEGER REFERENCES other_secret(a) ON DELETE CASCADE)',
    'CREATE TABLE my_notes_k (u INTEGER REFERENCES nowhere(a) ON DELETE CASCADE)',
  ]
  for (const sql of unkind)
    test(`may not keep the core from deleting: ${sql}`, (t) => {
      const db = migrated(t)
      assertOwnMigration(db, own, sql)
      db.exec(sql)
      assert.throws(() => assertKindForeignKeys(db, own), DENIED)
    })
})

test('a foreign key may ask whether a key exists, and nothing else of its row', (t) => {
  const db = migrated(t)
  const make = `CREATE TABLE my_notes_flag (p TEXT, k TEXT,
    FOREIGN KEY (p, k) REFERENCES plugin_setting (plugin, key))`
  assertOwnMigration(db, own, make)
  db.exec(make)
  assertOwnTables(db, own, "INSERT INTO my_notes_flag VALUES ('other', 'token')")
  for (const [values, columns] of [
    ["('other', 'token', 'guess')", 'plugin, key, value'],
    ["('other')", 'plugin'],
  ]) {
    const sql = `INSERT INTO my_notes_flag (p) SELECT 1 WHERE ${values} IN (SELECT ${columns} FROM plugin_setting)`
    assert.throws(() => assertOwnTables(db, own, sql), /the table plugin_setting is not my_notes_/, sql)
  }
})

test("a plugin's rows go with the user that they belong to", (t) => {
  const db = migrated(t)
  const { lastId } = db.run('INSERT INTO my_notes_item (user, text) VALUES (1, ?)', ['a'])
  db.run('INSERT INTO my_notes_tag (item) VALUES (?)', [lastId])
  db.run('DELETE FROM user WHERE id = 1')
  assert.equal(db.get<{ n: number }>('SELECT count(*) AS n FROM my_notes_tag')?.n, 0)
})

test('names whose tables would be the core’s are refused', () => {
  for (const name of ['song', 'user', 'playlist', 'play', 'plugin', 'sqlite', 'song-search', 'api', 'radio', 'pragma'])
    assert.equal(isReservedName(name), true, name)
  for (const name of ['sharing', 'songs', 'scrobble', 'users', 'my-notes'])
    assert.equal(isReservedName(name), false, name)
})
