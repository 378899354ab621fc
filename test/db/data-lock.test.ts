import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { acquireDataLock } from '../../src/db/data-lock.ts'
import { identity, isAlive } from '../../src/db/process-identity.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { tempFolder } from '../support/temp-database.ts'

const isLocked = (pid: number) => (error: unknown) =>
  isAppError(error) && error.code === 'DATA_LOCKED' && error.message.includes(`process ${pid}`)

const child = (script: string, folder: string) =>
  spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, FOLDER: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  })

const firstLine = (process: ReturnType<typeof child>) =>
  new Promise<string>((resolve, reject) => {
    process.stdout.once('data', (data) => resolve(String(data).trim()))
    process.once('exit', () => reject(new Error('the child ended early')))
  })

test('one process owns a folder until it lets go', (t) => {
  const folder = tempFolder(t)
  const lock = acquireDataLock(folder)
  assert.throws(() => acquireDataLock(folder), isLocked(process.pid))
  lock.release()
  lock.release()
  assert.equal(existsSync(lock.path), false)
  const again = acquireDataLock(folder)
  lock.release()
  assert.equal(existsSync(again.path), true, 'a late release must not free the lock of the next owner')
  again.release()
})

test('a living owner in another process is named', async (t) => {
  const folder = tempFolder(t)
  const owner = child(
    `import { acquireDataLock } from './src/db/data-lock.ts'
     acquireDataLock(process.env.FOLDER); console.log(process.pid); process.stdin.resume()`,
    folder,
  )
  t.after(() => owner.kill('SIGKILL'))
  const pid = Number(await firstLine(owner))
  assert.throws(() => acquireDataLock(folder), isLocked(pid))
})

test('after SIGKILL the folder is taken over, the stale lock of SQLite cleared and every answered row is there', async (t) => {
  const folder = tempFolder(t)
  const owner = child(
    `import { acquireDataLock } from './src/db/data-lock.ts'
     import { openDatabase } from './src/db/sqlite-database.ts'
     import { silentLogger } from './src/log/logger.ts'
     acquireDataLock(process.env.FOLDER)
     const db = openDatabase({ path: process.env.FOLDER + '/tonearm.db', log: silentLogger })
     db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
     for (let id = 1; id <= 50; id++) db.run('INSERT INTO item VALUES (?)', [id])
     console.log('done'); process.stdin.resume()`,
    folder,
  )
  await firstLine(owner)
  const ended = new Promise((resolve) => owner.once('exit', resolve))
  owner.kill('SIGKILL')
  await ended
  assert.equal(existsSync(join(folder, 'tonearm.db.lock')), true, 'the case under test: SQLite left its lock')
  const lock = acquireDataLock(folder)
  t.after(() => lock.release())
  const db = openDatabase({ path: join(folder, 'tonearm.db'), log: silentLogger })
  t.after(() => db.close())
  assert.deepEqual(db.get('SELECT count(*) AS n FROM item'), { n: 50 })
  assert.deepEqual(db.get('PRAGMA integrity_check'), { integrity_check: 'ok' })
})

test('locks of another boot, of a reused pid, and rubbish are stale', (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'tonearm.lock')
  const stale = [
    JSON.stringify({ ...identity(), bootId: 'another boot', nonce: 'x' }),
    JSON.stringify({ ...identity(), startedAt: '1', nonce: 'x' }),
    JSON.stringify({ ...identity(), pid: 2 ** 22 + 1, nonce: 'x' }),
  ]
  for (const content of stale) {
    writeFileSync(path, content)
    acquireDataLock(folder).release()
  }
  mkdirSync(join(folder, 'tonearm.db.lock'))
  acquireDataLock(folder).release()
  assert.equal(existsSync(join(folder, 'tonearm.db.lock')), false)
})

test('a lock that is just being written is not stolen', (t) => {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'tonearm.lock'), '')
  assert.throws(
    () => acquireDataLock(folder),
    (error) => isAppError(error) && error.code === 'DATA_LOCKED',
  )
})

test('an owner in another container is known by its socket, since its pid says nothing here', async (t) => {
  const folder = tempFolder(t)
  const script = `import { acquireDataLock } from './src/db/data-lock.ts'
     acquireDataLock(process.env.FOLDER); console.log('ready'); process.stdin.resume()`
  const owner = child(script, folder)
  t.after(() => owner.kill('SIGKILL'))
  await firstLine(owner)
  const path = join(folder, 'tonearm.lock')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/pid:\[\d+\]/, 'pid:[1]'))
  assert.throws(
    () => acquireDataLock(folder),
    (error) => isAppError(error) && error.code === 'DATA_LOCKED',
  )
  const ended = new Promise((resolve) => owner.once('exit', resolve))
  owner.kill('SIGKILL')
  await ended
  acquireDataLock(folder).release()
})

test('asks the socket only for another namespace of this boot', () => {
  const here = identity()
  const never = () => {
    throw new Error('must not be asked')
  }
  assert.equal(isAlive(here, never), true)
  assert.equal(isAlive({ ...here, bootId: 'other', namespace: 'other' }, never), false)
  assert.equal(
    isAlive({ ...here, namespace: 'other' }, () => true),
    true,
  )
})

test('who has ended lives no more, also before anybody took notice', async (t) => {
  // The shell becomes a program that never asks what became of its child.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => parent.kill('SIGKILL'))
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(chunk.toString())
  const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  while (fields()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10))
  const owner = { ...identity(), pid, startedAt: fields()[19] ?? '' }
  assert.equal(
    isAlive(owner, () => assert.fail('the pid says enough here')),
    false,
  )
})

test('a folder that is missing is a sentence, not a stack', (t) => {
  assert.throws(
    () => acquireDataLock(join(tempFolder(t), 'absent')),
    (error) => isAppError(error) && error.code === 'DATA_UNWRITABLE' && !error.message.includes('/'),
  )
})
