import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELIVERY_QUERIES } from '../../plugins/notifications/delivery-store.ts'
import { MIGRATIONS } from '../../plugins/notifications/migrations.ts'
import { QUERIES } from '../../plugins/notifications/note-store.ts'
import type { SqlParams } from '../../src/db/database.ts'
import { tempDatabase } from '../support/temp-database.ts'

const USERS = 50
const NOTES = 10_000

test(`${NOTES} notes of ${USERS} users: every question that is asked often is answered from an index, unsorted`, (t) => {
  const db = tempDatabase(t)
  for (const { up } of MIGRATIONS) for (const sql of up) db.exec(sql)
  db.transaction(() => {
    for (let user = 1; user <= USERS; user++)
      db.run('INSERT INTO user (id, name, key, password_hash, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, 0, 0)', [
        user,
        `user ${user}`,
        'x',
      ])
    for (let n = 1; n <= NOTES; n++)
      db.run(
        `INSERT INTO notifications_note (user_id, seq, topic, level, group_key, listed, data, created_at, updated_at, read_at)
         VALUES (?, ?, 'music.new', 'info', ?, 1, '{}', ?, ?, ?)`,
        [1 + (n % USERS), n, n % 5 === 0 ? `music ${n}` : '', n, n, n % 3 === 0 ? null : n],
      )
  })
  Array.from(db.analyze())
  const asked: Readonly<Record<string, readonly [sql: string, params: SqlParams]>> = {
    page: [QUERIES.page, [7, 50, 0]],
    count: [QUERIES.count, [7]],
    unreadPage: [QUERIES.unreadPage, [7, 50, 0]],
    unread: [QUERIES.unread, [7]],
    unreadShares: [QUERIES.unreadShares, [7]],
    since: [QUERIES.since, [7, 9_000, 100]],
    last: [QUERIES.last, [7]],
    one: [QUERIES.one, [7, 6]],
    group: [QUERIES.group, [7, 'music 5']],
    albumNotes: [QUERIES.albumNotes, [7, 0]],
    due: [DELIVERY_QUERIES.due, [0, '[]', 8]],
    next: [DELIVERY_QUERIES.next, ['[]']],
  }
  for (const [name, [sql, params]] of Object.entries(asked)) {
    const plan = db.plan(sql, params).join('\n')
    assert.doesNotMatch(plan, /TEMP B-TREE|SCAN notifications_|AUTOMATIC/, `${name}: ${plan}`)
    assert.match(plan, /SEARCH (notifications_\w+|d)/, `${name}: ${plan}`)
  }
})
