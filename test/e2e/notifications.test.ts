import assert from 'node:assert/strict'
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { addTarget, loginTo, openNotifications, waitFor } from '../support/native-client.ts'
import { writePlugin } from '../support/plugin-folder.ts'
import { ask, PASSWORD, scanFinished, startServer } from '../support/server-process.ts'

const WAIT_MS = 60_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-news-')
})
after(() => folder.remove())

const until = (what: string, look: () => boolean | Promise<boolean>) => waitFor(what, look, WAIT_MS)

test('from real causes to the list and to a webhook: a library lost and back, files gone and unreadable, logins, plugins', {
  timeout: 600_000,
}, async (t) => {
  const taken: string[] = []
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    taken.push(/"title":"([^"]*)"/.exec(Buffer.concat(chunks).toString())?.[1] ?? '')
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    receiver.closeAllConnections()
    receiver.close()
  })
  const [music, data] = [join(folder.path, 'music'), join(folder.path, 'data')]
  const song = (n: number) => join(music, 'Band', 'Album', `0${n} - Song.mp3`)
  await mkdir(join(music, 'Band', 'Album'), { recursive: true })
  for (let n = 1; n <= 6; n++)
    await writeAudio(song(n), { format: 'mp3', tags: { title: `Song ${n}`, artist: 'Band', album: 'Album' } })
  // Where backups should go lies a file; and no disk is as large as the space that shall be free.
  const backups = join(folder.path, 'backups')
  await writeFile(backups, '')
  const start = () =>
    startServer({
      data,
      music: [music],
      env: {
        TONEARM_SCANNER_WATCH: 'off',
        TONEARM_PATHS_MINFREE: '9000000GB',
        TONEARM_BACKUP_PATH: backups,
        TONEARM_BACKUP_SCHEDULE: '*/5 * * * * *',
      },
    })
  let server = await start()
  try {
    await scanFinished(server)
    const login = (password: string) =>
      fetch(`${server.url}/auth/login`, { method: 'POST', body: JSON.stringify({ username: 'admin', password }) })
    const call = await loginTo(server, 'admin', PASSWORD)
    const topics = async () =>
      ((await call('GET', '/api/notifications')) as { topic: string }[]).map(({ topic }) => topic)
    const scan = async () => {
      await ask(server, 'startScan')
      await scanFinished(server)
    }
    await openNotifications(call, { failedLogins: 3 })
    await addTarget(call, 'webhook', {
      url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
      secret: 'of enough bytes, this',
    })

    await rm(song(6))
    await scan()
    await until('the missing file', async () => (await topics()).includes('files.missing'))
    const broken = join(music, 'Band', 'Album', '07 - Broken.flac')
    await writeFile(broken, 'this is no music')
    // One that was written just now may not be whole yet.
    const old = new Date(Date.now() - 3_600_000)
    await utimes(broken, old, old)
    await scan()
    await until('the unreadable file', async () => (await topics()).includes('scan.problems'))
    await rename(music, `${music}-away`)
    await ask(server, 'startScan')
    await until('the loss', async () => (await topics()).includes('library.lost'))
    await rename(`${music}-away`, music)
    await ask(server, 'startScan')
    await until('the return', async () => (await topics()).includes('library.back'))
    for (let n = 0; n < 3; n++) await login(`wrong ${n}`)
    await until('the logins', async () => (await topics()).includes('login.failed'))
    await mkdir(join(data, 'plugins'), { recursive: true })
    writePlugin(join(data, 'plugins'), 'greedy', { permissions: ['admin'], setup: `throw new Error('broken')` })
    await until('the plugin', async () => (await topics()).includes('plugin.needs-grant'))
    await call('PUT', '/api/plugin/greedy', { granted: ['admin'] }).catch(() => {})
    await until('its failure', async () => (await topics()).includes('plugin.failed'))
    await until('the backup', async () => (await topics()).includes('backup.failed'))
    await until('the disk', async () => (await topics()).includes('disk.low'))

    // Backups fail again and again: the first may have been told before there was a webhook.
    for (const words of [
      /does not run/,
      /backup failed/,
      /file is missing/,
      /could not be read/,
      /can not be reached/,
      /is back/,
      /Failed logins/,
      /greedy/,
    ])
      await until(`the message ${words}`, () => taken.some((title) => words.test(title)))
    // It was told before there was a webhook, and is told again.
    await server.stop('SIGTERM')
    server = await start()
    await until('the disk again', () => taken.some((title) => /disk is nearly full/.test(title)))
    assert.ok(!taken.some((title) => title.includes(folder.path)))
  } finally {
    await server.stop('SIGKILL')
  }
})
