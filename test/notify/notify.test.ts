import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Logger, silentLogger } from '../../src/log/logger.ts'
import type { Notification } from '../../src/notify/note.ts'
import { createNotify } from '../../src/notify/notify.ts'
import { gate } from '../support/hooks.ts'

function logOf(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = []
  const add = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push(`${level} ${message} ${fields?.topic ?? fields?.channel ?? ''}`)
  }
  return { lines, log: { ...silentLogger, info: add('info'), warn: add('warn'), error: add('error') } }
}

const note = (title: string): Notification => ({ topic: 'library.lost', title, level: 'warn' })

/** A channel that writes down what it is given. */
function recorder(name: string) {
  const got: string[] = []
  return {
    got,
    channel: {
      name,
      deliver: async ({ title }: Notification) => {
        got.push(title)
      },
    },
  }
}

test('without a channel the log tells', () => {
  const { log, lines } = logOf()
  const notify = createNotify({ log })
  notify.send(note('gone'))
  notify.send({ topic: 'hello', title: 'x' })
  assert.deepEqual(lines, ['warn notification library.lost', 'info notification hello'])
})

test('every channel gets every notification in order, until it is taken away', async () => {
  const { log, lines } = logOf()
  const notify = createNotify({ log })
  const [a, b] = [recorder('a'), recorder('b')]
  const remove = notify.channel(a.channel)
  notify.channel(b.channel)
  for (const title of ['1', '2']) notify.send(note(title))
  await notify.settled(1_000)
  remove()
  notify.send(note('3'))
  await notify.settled(1_000)
  assert.deepEqual(
    [a.got, b.got],
    [
      ['1', '2'],
      ['1', '2', '3'],
    ],
  )
  assert.deepEqual(lines, [])
})

test('a channel that throws, rejects or hangs fails alone', async () => {
  const { log, lines } = logOf()
  const notify = createNotify({ log, deliverMs: 20 })
  const good = recorder('good')
  notify.channel({
    name: 'throws',
    deliver: () => {
      throw new Error('no')
    },
  })
  notify.channel({ name: 'rejects', deliver: () => Promise.reject(new Error('no')) })
  notify.channel({ name: 'hangs', deliver: () => new Promise(() => {}) })
  notify.channel(good.channel)
  notify.send(note('1'))
  await notify.settled(5_000)
  assert.deepEqual(good.got, ['1'])
  assert.equal(lines.filter((line) => line.startsWith('warn notification not delivered')).length, 3)
})

test('a slow channel loses the oldest, not the newest', async () => {
  const { log, lines } = logOf()
  const notify = createNotify({ log, maxQueued: 3 })
  const open = gate<void>()
  const got: string[] = []
  notify.channel({
    name: 'slow',
    deliver: async ({ title }) => {
      await open.promise
      got.push(title)
    },
  })
  notify.send(note('0'))
  await Promise.resolve()
  await Promise.resolve()
  for (let index = 1; index <= 6; index++) notify.send(note(String(index)))
  open.open()
  await notify.settled(1_000)
  assert.deepEqual(got, ['0', '4', '5', '6'])
  assert.deepEqual(lines, ['warn notifications dropped: the channel is too slow slow'])
})

test('channels of a source are swapped whole; what waits goes to the new one of the same name', async () => {
  const notify = createNotify({ log: silentLogger })
  const [old, other, fresh, own] = [recorder('p.mail'), recorder('p.push'), recorder('p.mail'), recorder('own')]
  notify.channel(own.channel)
  notify.replace('plugins', [old.channel, other.channel])
  notify.send(note('1'))
  notify.replace('plugins', [fresh.channel])
  await notify.settled(1_000)
  notify.send(note('2'))
  await notify.settled(1_000)
  assert.deepEqual([old.got, fresh.got, own.got], [[], ['1', '2'], ['1', '2']])
  assert.ok(!other.got.includes('2'))
})

test('texts are bounded, and nothing is taken after the stop', async () => {
  const notify = createNotify({ log: silentLogger })
  const got: Notification[] = []
  notify.channel({
    name: 'a',
    deliver: async (notification) => {
      got.push(notification)
    },
  })
  notify.send({ topic: 't', title: 'x'.repeat(10_000), body: 'y'.repeat(100_000) })
  await notify.settled(1_000)
  notify.stop()
  notify.send(note('late'))
  await notify.settled(1_000)
  assert.deepEqual(
    got.map(({ title, body }) => [title.length, body?.length]),
    [[200, 4_000]],
  )
})
