import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import type { AudioFormat } from '../support/audio/spec.ts'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { scratch } from '../support/program.ts'
import { ask, type ServerProcess, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'

const home = scratch(after)
const music = join(home, 'Music')
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0

/** What a player is told of each; `seconds` 0: the file does not tell. */
const RARE: readonly { format: AudioFormat; type: string; seconds: number; plays: boolean }[] = [
  { format: 'ape', type: 'audio/x-monkeys-audio', seconds: 1, plays: true },
  { format: 'mpc', type: 'audio/x-musepack', seconds: 1, plays: true },
  { format: 'dsf', type: 'audio/x-dsf', seconds: 0, plays: true },
  { format: 'dff', type: 'audio/x-dff', seconds: 1, plays: true },
  { format: 'tta', type: 'audio/x-tta', seconds: 1, plays: true },
  { format: 'shn', type: 'audio/x-shn', seconds: 0, plays: true },
  { format: 'mp2', type: 'audio/mpeg', seconds: 1, plays: true },
  // Its head only: nothing free writes the sound.
  { format: 'tak', type: 'audio/x-tak', seconds: 1, plays: false },
]

interface Song {
  readonly id: string
  readonly title: string
  readonly suffix: string
  readonly contentType: string
  readonly duration: number
  readonly bitRate?: number
}

let server: ServerProcess
const songs = new Map<string, Song>()

before(async () => {
  buildOnce()
  for (const { format } of RARE)
    await writeAudio(join(music, 'Band', 'Album', `${format}.${format}`), {
      format,
      tags: { title: `In ${format}`, artist: 'Band', album: 'Album' },
    })
  server = await startServer({ data: join(home, 'data'), music: [music], env: { TONEARM_SCANNER_WATCH: 'off' } })
  await scanFinished(server)
  const { searchResult3 } = (await ask(server, 'search3', { query: 'Band', songCount: 50 })) as {
    searchResult3: { song: Song[] }
  }
  for (const song of searchResult3.song) songs.set(song.suffix, song)
})
after(() => server?.stop())

for (const { format, type, seconds, plays } of RARE) {
  test(`${format}: scanned with its tags and served as it is`, async () => {
    const song = songs.get(format)
    assert.ok(song, 'not scanned')
    assert.deepEqual([song.title, song.contentType], [`In ${format}`, type])
    if (seconds > 0) {
      assert.equal(song.duration, seconds)
      assert.ok((song.bitRate ?? 0) > 0)
    }
    const raw = await fetch(subsonicUrl(server, 'stream', { id: song.id, format: 'raw' }))
    assert.equal(raw.headers.get('content-type'), type)
    const file = readFileSync(join(music, 'Band', 'Album', `${format}.${format}`))
    assert.deepEqual(Buffer.from(await raw.arrayBuffer()), file)
  })

  test(`${format}: converted to MP3 for who can not play it`, {
    skip: !plays ? 'no sound in it' : !hasFfmpeg && 'no ffmpeg',
  }, async () => {
    const converted = await fetch(subsonicUrl(server, 'stream', { id: songs.get(format)?.id ?? '', format: 'mp3' }))
    assert.equal(converted.status, 200)
    assert.equal(converted.headers.get('content-type'), 'audio/mpeg')
    const path = join(home, `${format}.mp3`)
    writeFileSync(path, Buffer.from(await converted.arrayBuffer()))
    const { audio } = (await readAudioFile(path)).file
    assert.equal(audio.codec, 'mp3')
    if (seconds > 0) assert.ok(Math.abs(audio.durationMs - 1000) < 150, `${audio.durationMs} ms`)
    else assert.ok(audio.durationMs > 0)
  })
}
