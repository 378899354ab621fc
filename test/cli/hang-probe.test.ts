import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { rejectWhenHung } from '../../src/cli/hang-probe.ts'
import { tempFolder } from '../support/temp-database.ts'

const PACE = { askMs: 1, answerMs: 200 }

/** A server that is asked for a sign of life; `answered`: whether it gives one to the nth question. */
async function asked(t: TestContext, answered: (nth: number) => boolean) {
  const data = tempFolder(t)
  const waiting: (() => void)[] = []
  let questions = 0
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      questions++
      if (answered(questions)) socket.write('{}\n')
      for (const look of waiting.splice(0)) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(join(data, 'control.sock'), resolve))
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return {
    data,
    questions: () => questions,
    async until(count: number) {
      while (questions < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}

test('a server that was held up for a while and answers again does not hang', async (t) => {
  const { data, until } = await asked(t, (nth) => nth > 2)
  const done = new AbortController()
  const hung = rejectWhenHung(data, 'doctor', { signal: done.signal, pace: PACE })
  await Promise.race([until(12), hung])
  done.abort()
  await hung
})

test('a server that misses five answers in a row hangs', async (t) => {
  const { data, questions } = await asked(t, () => false)
  const { signal } = new AbortController()
  await assert.rejects(rejectWhenHung(data, 'doctor', { signal, pace: PACE }), {
    code: 'TIMEOUT',
    message: /^The server hangs: it has not answered for 1\.005 seconds\./,
  })
  assert.ok(questions() <= 5, String(questions()))
})

test('a backup is given longer, and not for ever', async (t) => {
  const { data, questions } = await asked(t, () => false)
  const { signal } = new AbortController()
  const pace = { askMs: 1, answerMs: 50 }
  await assert.rejects(rejectWhenHung(data, 'backup', { signal, pace }), { code: 'TIMEOUT' })
  assert.ok(questions() > 30, String(questions()))
})
