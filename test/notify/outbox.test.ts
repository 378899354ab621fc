import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acquireDataLock, DATABASE_FILE } from '../../src/db/data-lock.ts'
import type { Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { createOutboxRepository } from '../../src/library/outbox-repository.ts'
import { silentLogger } from '../../src/log/logger.ts'
import type { Channel, Note, Notification } from '../../src/notify/note.ts'
import { createNotify, type Notify } from '../../src/notify/notify.ts'
import { temporaryFolder } from '../support/music-library.ts'

const note = (title: string): Notification => ({ topic: 'test.note', title, data: { title } })
const NAME = 'mail'

async function opened(t: TestContext): Promise<{ db: Database; again(): Database; folder: string }> {
  const { path, remove } = await temporaryFolder('tonearm-outbox-')
  let db = open(path)
  t.after(async () => {
    db.close()
    await remove()
  })
  return {
    folder: path,
    get db() {
      return db
    },
    again() {
      db.close()
      db = open(path)
      return db
    },
  }
}

function open(folder: string): Database {
  const db = openDatabase({ path: join(folder, DATABASE_FILE), log: silentLogger })
  migrate(db, { log: silentLogger })
  return db
}

function started(db: Database, t: TestContext): Notify {
  const notify = createNotify({ log: silentLogger, outbox: createOutboxRepository(db), retryMs: 5 })
  t.after(() => notify.stop())
  return notify
}

/** A durable channel that writes down what it is given; `fails` times it rejects. */
function recorder(fails = 0, name = NAME): Channel & { readonly got: Note[]; left: number } {
  const channel = {
    name,
    durable: true,
    got: [] as Note[],
    left: fails,
    deliver: async (given: Note) => {
      if (channel.left-- > 0) throw new Error('not now')
      channel.got.push(given)
    },
  }
  return channel
}

const titles = ({ got }: { readonly got: readonly Note[] }) => got.map(({ title }) => title)
const rows = (db: Database) => db.all('SELECT * FROM outbox_note').length

test('notes of a time without the channel come when it is there, once, in order, with what they are about', async (t) => {
  const at = await opened(t)
  const first = started(at.db, t)
  const before = recorder()
  first.channel(before)
  first.send(note('1'))
  await first.settled(5_000)
  assert.deepEqual(titles(before), ['1'])
  assert.equal(rows(at.db), 0)
  first.replace('', [])
  first.send(note('2'))
  first.send(note('3'))
  first.stop()

  const second = started(at.again(), t)
  second.send(note('4'))
  const after = recorder()
  second.replace('plugins', [after])
  await second.settled(5_000)
  assert.deepEqual(titles(after), ['2', '3', '4'])
  assert.deepEqual(after.got[0]?.data, { title: '2' })
  assert.equal(new Set(after.got.map(({ id }) => id)).size, 3)
  assert.ok(after.got.every((one) => one.at > 1_700_000_000_000))
  assert.equal(rows(at.db), 0)
})

test('a note that is part of a transaction goes with it', async (t) => {
  const { db } = await opened(t)
  const notify = started(db, t)
  const channel = recorder()
  notify.channel(channel)
  assert.throws(() =>
    db.transaction(() => {
      notify.send(note('never'))
      throw new Error('no')
    }),
  )
  db.transaction(() => notify.send(note('with')))
  await notify.settled(5_000)
  assert.deepEqual(titles(channel), ['with'])
})

test('a delivery that fails is tried again with the same id, and those behind it wait', async (t) => {
  const { db } = await opened(t)
  const notify = started(db, t)
  const seen: string[] = []
  const channel = recorder(3)
  const { deliver } = channel
  notify.channel({
    ...channel,
    deliver: (given) => {
      seen.push(given.id)
      return deliver(given)
    },
  })
  notify.send(note('1'))
  notify.send(note('2'))
  await until(() => channel.got.length === 2)
  assert.deepEqual(titles(channel), ['1', '2'])
  assert.deepEqual(seen, [seen[0], seen[0], seen[0], seen[0], seen[4]])
})

test('a note that comes in whatever moment of a run before it is delivered', async (t) => {
  const { db } = await opened(t)
  const notify = started(db, t)
  const got: string[] = []
  let steps = 0
  const channel: Channel = {
    name: NAME,
    durable: true,
    deliver: async ({ title }) => {
      got.push(title)
      if (!title.startsWith('first')) return
      // So many turns of the microtasks later: before, at and after the end of the run.
      const turns = steps
      const later = async () => {
        for (let turn = 0; turn < turns; turn++) await undefined
        notify.send(note(`second ${turns}`))
      }
      void later()
    },
  }
  notify.channel(channel)
  for (; steps < 40; steps++) {
    notify.send(note(`first ${steps}`))
    await new Promise(setImmediate)
    await notify.settled(5000)
    assert.deepEqual(got.splice(0), [`first ${steps}`, `second ${steps}`])
  }
})

test('each channel has its own place; nothing is written without a durable one', async (t) => {
  const { db } = await opened(t)
  const notify = started(db, t)
  notify.send(note('nobody'))
  notify.channel({ name: 'screen', deliver: async () => {} })
  notify.send(note('screen only'))
  await notify.settled(5_000)
  assert.equal(rows(db), 0)
  assert.equal(db.all('SELECT * FROM sqlite_sequence WHERE name = ?', ['outbox_note']).length, 0)
  const [a, b] = [recorder(0, 'a'), recorder(0, 'b')]
  const leave = notify.channel(a)
  notify.channel(b)
  leave()
  notify.send(note('x'))
  await notify.settled(5_000)
  assert.deepEqual([titles(a), titles(b), rows(db)], [[], ['x'], 1])
  notify.channel(a)
  await notify.settled(5_000)
  assert.deepEqual([titles(a), rows(db)], [['x'], 0])
})

test('a channel that never comes back costs a bounded number of rows', async (t) => {
  const { db } = await opened(t)
  const notify = started(db, t)
  notify.channel(recorder())
  notify.replace('', [])
  db.transaction(() => {
    for (let n = 0; n < 2_500; n++) notify.send(note(String(n)))
  })
  assert.equal(rows(db), 2_000)
  const back = recorder()
  notify.channel(back)
  await notify.settled(30_000)
  assert.deepEqual([titles(back)[0], titles(back).at(-1), back.got.length], ['500', '2499', 2_000])
})

test('what was sent is delivered after a SIGKILL at any moment, at least once', { timeout: 300_000 }, async (t) => {
  const { path: folder, remove } = await temporaryFolder('tonearm-outbox-kill-')
  t.after(remove)
  const sent: string[] = []
  const got: Note[] = []
  for (let round = 0; round < 12; round++) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, '../fixtures/notify-until-killed.ts'), folder, String(round)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const exited = new Promise((resolve) => child.on('exit', resolve))
    let text = ''
    let lines = 0
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (chunk: string) => {
      text += chunk
      lines = text.split('\n').length
      if (lines > 20 + round * 7) child.kill('SIGKILL')
    })
    await exited
    // A line that was cut is one that nobody promised.
    for (const line of text.split('\n').slice(0, -1)) {
      const [what, id, title] = JSON.parse(line) as [string, string, string]
      if (what === 'sent') sent.push(title)
      else got.push({ id, title, topic: '', at: 0 })
    }
    assert.ok(lines > 20, 'the child ended by itself')
  }
  const lock = acquireDataLock(folder)
  const db = open(folder)
  t.after(() => lock.release())
  const notify = started(db, t)
  const channel = recorder()
  notify.channel(channel)
  await notify.settled(30_000)
  const all = [...got, ...channel.got]
  const delivered = new Set(all.map(({ title }) => title))
  assert.deepEqual(
    sent.filter((title) => !delivered.has(title)),
    [],
  )
  const idOf = new Map<string, string>()
  for (const { id, title } of all) {
    assert.equal(idOf.get(title) ?? id, id, `${title} came with two ids`)
    idOf.set(title, id)
  }
  assert.ok(sent.length > 100)
  db.close()
})

async function until(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!check()) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
