import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createTestHost } from 'tonearm/plugin/testing'
import { FOLDER, GRANTED, startReceiver, until } from './world.ts'

const SCRATCH = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))

test('a language is one table and its name in the list: notes, messages and topics speak it', async (t) => {
  await mkdir(SCRATCH, { recursive: true })
  // Within the project, so that the plugin's packages are found.
  const folder = await mkdtemp(join(SCRATCH, 'language-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await cp(fileURLToPath(FOLDER), folder, { recursive: true, filter: (path) => !path.endsWith('/test') })
  const english = await readFile(join(folder, 'texts/en.ts'), 'utf8')
  const german = english
    .replace('export const en:', 'export const de:')
    .replace("name: 'English'", "name: 'Deutsch'")
    .replace("'music.new': 'New music'", "'music.new': 'Neue Musik'")
    .replace('title: `New: ', 'title: `Neu: ')
    .replace("title: 'A test'", "title: 'Ein Test'")
  await writeFile(join(folder, 'texts/de.ts'), german)
  const list = await readFile(join(folder, 'texts/texts.ts'), 'utf8')
  await writeFile(
    join(folder, 'texts/texts.ts'),
    `import { de } from './de.ts'\n${list.replace('= { en }', '= { en, de }')}`,
  )

  await using host = await createTestHost()
  await using receiver = await startReceiver()
  await host.load(pathToFileURL(`${folder}/`), { settleSeconds: 0 }, { granted: GRANTED as never })
  const call = async (method: string, url: string, body?: unknown) => {
    const reply = await host.inject({ method, url, user: 'alice', ...(body === undefined ? {} : { body }) })
    assert.equal(reply.status, 200, reply.body)
    // biome-ignore lint/suspicious/noExplicitAny: bodies of any shape are looked into
    return reply.json() as any
  }
  const chosen = await call('PUT', '/api/notifications/preferences', { language: 'de' })
  assert.deepEqual(chosen.languages, [
    { id: 'en', name: 'English' },
    { id: 'de', name: 'Deutsch' },
  ])
  assert.equal(chosen.titles['music.new'], 'Neue Musik')
  const target = { url: `${receiver.url}/`, secret: 'a secret of enough bytes' }
  await call('POST', '/api/notifications/targets', { channel: 'webhook', name: 'here', target })
  await call('POST', '/api/notifications/test')
  assert.equal(receiver.received[0]?.title, 'Ein Test')
  await host.fire('library.changed', { added: [host.track('One')], changed: [], removed: [], truncated: false })
  await until('the message', async () => {
    await host.clock.advance(2_000)
    return receiver.received.length === 2
  })
  assert.equal(receiver.received[1]?.title, 'Neu: First')
  assert.equal((await call('GET', '/api/notifications'))[0].title, 'Neu: First')
  // Whoever has chosen nothing reads on as before.
  await call('PUT', '/api/notifications/preferences', { language: 'en' })
  assert.equal((await call('GET', '/api/notifications'))[0].title, 'New: First')
})
