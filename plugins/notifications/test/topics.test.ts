import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, startReceiver, startWorld, until } from './world.ts'

const USERS = [
  { name: 'ann', roles: ['stream', 'download', 'share'], libraries: ['Open', 'Closed'] },
  { name: 'ben', roles: ['stream', 'download', 'share'], libraries: ['Open'] },
]

test('new music is one note for an album, named for those who see it alone, and goes out by their channels', async () => {
  await using world = await startWorld({ users: USERS, library: 'acl' })
  await using receiver = await startReceiver()
  const { host } = world
  await world.hook('ann', receiver, 'ann')
  await world.hook('ben', receiver, 'ben')
  const added = [host.track('Open One'), host.track('Open Jazz'), host.track('Closed One')]
  await host.fire('library.changed', { added, changed: [], removed: [], truncated: false })
  const ann = await until('the notes', async () => {
    const notes = await world.notes('ann')
    return notes.length === 2 && notes
  })
  assert.deepEqual(ann.map((note: Answer) => [note.title, note.body]).sort(), [
    ['New: Closed', 'by Dee, 1 song'],
    ['New: Open', 'by Ann, 2 songs'],
  ])
  const ben = await world.call('ben', 'GET', '/api/notifications')
  assert.equal(ben.body_.length, 1)
  assert.equal(ben.headers['x-total-count'], '1')
  assert.ok(!ben.body.includes('Closed'))
  await host.clock.advance(61_000)
  await until('the messages', () => receiver.received.length === 3)
  assert.deepEqual(
    receiver.received.map(({ path, title }) => `${path} ${title}`).sort(),
    ['/ann New: Closed', '/ann New: Open', '/ben New: Open'],
  )
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 3)
})
