import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ApiKeyId } from '../../src/base/ids.ts'
import type { ArchiveEntry } from '../../src/media/archive.ts'
import { dispatcherOf, entry } from '../support/hooks.ts'
import { unzip } from '../support/unzip.ts'
import { eventually, mediaHome, readAll } from './media-home.ts'
import { writeStubEncoder } from './stub-encoder.ts'

const FLAC = { suffix: 'flac', durationMs: 240_000, bitRate: 900, codec: 'FLAC' }
const request = (list: () => Promise<readonly ArchiveEntry[]>) => ({ client: 'x', downloadName: 'A.zip', list })

test('a login that goes while songs are listed ends the archive before its first byte', async (t) => {
  const keyId = 1 as ApiKeyId
  const withdrawals: readonly ((home: ReturnType<typeof mediaHome>) => void)[] = [
    ({ rights }) => {
      rights.keys = []
    },
    ({ rights, user }) => {
      rights.user = { ...user, credentialsVersion: 2 }
    },
    ({ rights, user }) => {
      rights.user = { ...user, roles: ['stream'] }
    },
  ]
  for (const [index, withdraw] of withdrawals.entries()) {
    const home = mediaHome(t)
    home.rights.keys = [keyId]
    const song = home.addSong(new Uint8Array(2000), FLAC)
    const streamer = await home.streamer({ engine: 'off' })
    const list = async () => {
      withdraw(home)
      home.rights.changed()
      return [{ songId: song.id, name: 'a.flac', suffix: 'flac' }]
    }
    const login = index === 1 ? { credentialsVersion: 1 } : { keyId }
    const source = await streamer.archive(home.user, { ...request(list), login })
    await assert.rejects(source.open(), { code: 'FORBIDDEN' })
    assert.equal(streamer.status().streams, 0)
  }
})

test('a place is taken before songs are listed, and given back when that fails', async (t) => {
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'off' })
  let listed = 0
  const ends: (() => void)[] = []
  const list = () =>
    new Promise<readonly ArchiveEntry[]>((_resolve, reject) => {
      listed++
      ends.push(() => reject(new Error('no list')))
    })
  const sources = await Promise.all(Array.from({ length: 10 }, () => streamer.archive(home.user, request(list))))
  // As HEAD does: nothing is listed for a description.
  assert.equal(listed, 0)
  const opened = sources.map((source) => source.open().then(undefined, (error: unknown) => error))
  await eventually(() => listed === 4, 'four lists')
  const refused = await Promise.all(opened.slice(4))
  assert.ok(refused.every((error) => (error as { code?: string }).code === 'BUSY'))
  for (const end of ends) end()
  await Promise.all(opened)
  assert.equal(listed, 4)
  for (let again = 0; again < 5; again++)
    await readAll(
      await streamer.archive(
        home.user,
        request(async () => []),
      ),
    )
})

test('a song that can not be converted is named each time, also where nobody knows the format', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(2000), FLAC)
  const ffmpegPath = writeStubEncoder(home.folder, { bytes: 10 })
  const streamer = await home.streamer({ engine: 'native', ffmpegPath })
  const convert = { client: 'x', format: 'nonsense' }
  const { suffix } = streamer.plan(home.user, song, convert)
  assert.notEqual(suffix, 'flac')
  writeFileSync(ffmpegPath, '#!/bin/sh\nexit 1\n')
  for (const [index, named] of [suffix, suffix, suffix, 'flac'].entries()) {
    const list = async () => [{ songId: song.id, name: `a.${named}`, suffix: named }]
    const source = await streamer.archive(home.user, { ...request(list), ...convert })
    assert.equal(source.headers?.['x-format-instead'], suffix)
    const found = unzip(await readAll(source))
    assert.deepEqual(
      found.map(({ name }) => name),
      ['Missing songs.txt'],
      String(index),
    )
    assert.match(found[0]?.content.toString() ?? '', new RegExp(`a\\.${named}: `))
  }
})

test('an archive waits only so long for all its songs together; the rest is named', async (t) => {
  const home = mediaHome(t)
  const songs = Array.from({ length: 50 }, () => home.addSong(Buffer.from('song'), FLAC))
  let asked = 0
  const busy = dispatcherOf(
    entry('stream.authorize', () => {
      asked++
      return { allow: false, status: 429, reason: 'later' }
    }),
  )
  const streamer = await home.streamer({ engine: 'off' }, busy, { busyRetryMs: 20, archivePatienceMs: 100 })
  const list = async () => songs.map(({ id }, index) => ({ songId: id, name: `${index}.flac`, suffix: 'flac' }))
  const found = unzip(await readAll(await streamer.archive(home.user, request(list))))
  assert.ok(asked <= 10, `${asked}`)
  assert.equal(found[0]?.content.toString().match(/\.flac: /g)?.length, 50)
})
