import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SongId } from '../../src/base/ids.ts'
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import type { LyricsAnswer } from '../../src/hooks/hooks.ts'
import type { EmbeddedLyrics, Song } from '../../src/library/entities.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createLyrics } from '../../src/media/lyrics.ts'
import { dispatcherOf, entry, quietHooks } from '../support/hooks.ts'
import { tempFolder } from '../support/temp-database.ts'
import { viewer } from './artwork-fixture.ts'

const SONG = 1 as SongId
const PATH = 'Artist/Album/Song.mp3'
const EMBEDDED: EmbeddedLyrics = { lang: 'eng', synced: false, offsetMs: 0, lines: [{ text: 'inside' }] }

/** A song with these files beside it (paths relative to the library). */
async function lyricsOf(
  t: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: {
    readonly priority?: readonly string[]
    readonly embedded?: boolean
    readonly hooks?: HookBus
    readonly names?: readonly string[]
  } = {},
) {
  const root = tempFolder(t, 'tonearm-lyrics-')
  const folder = dirname(join(root, PATH))
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const song = {
    id: SONG,
    path: PATH,
    title: 'Song',
    artist: 'Artist',
    durationMs: 1000,
    lyricsFiles: options.names ?? Object.keys(files),
    hasEmbeddedLyrics: options.embedded ?? false,
  } as unknown as Song
  const lyrics = createLyrics({
    repositories: {
      songs: {
        find: (_viewer, id) => (id === SONG ? song : undefined),
        absolutePath: () => join(root, PATH),
        embeddedLyrics: () => [EMBEDDED],
      },
    },
    hooks: options.hooks ?? quietHooks,
    log: silentLogger,
    priority: options.priority ?? ['.lrc', '.ttml', '.srt', '.txt', 'embedded'],
  })
  return { lyrics, folder, root, read: () => lyrics.ofSong(viewer(), SONG) }
}

const words = (found: readonly EmbeddedLyrics[]) => found.map(({ lines }) => lines.map(({ text }) => text).join('|'))

test('the first of the setting that has something answers', async (t) => {
  const files = { 'Song.txt': 'plain', 'Song.lrc': '[00:01.00]timed' }
  const { read } = await lyricsOf(t, files, { embedded: true })
  assert.deepEqual(await read(), [{ lang: 'und', synced: true, offsetMs: 0, lines: [{ ms: 1000, text: 'timed' }] }])
  const textFirst = await lyricsOf(t, files, { priority: ['TXT', '.lrc'] })
  assert.deepEqual(words(await textFirst.read()), ['plain'])
  const insideFirst = await lyricsOf(t, files, { embedded: true, priority: ['embedded', '.lrc'] })
  assert.deepEqual(await insideFirst.read(), [EMBEDDED])
  const empty = await lyricsOf(t, { 'Song.lrc': '\n[ar:x]\n' }, { embedded: true })
  assert.deepEqual(await empty.read(), [EMBEDDED])
  const none = await lyricsOf(t, {})
  assert.deepEqual(await none.read(), [])
})

test('an unknown song is an error', async (t) => {
  const { lyrics } = await lyricsOf(t, {})
  await assert.rejects(lyrics.ofSong(viewer(), 2 as SongId), { code: 'NOT_FOUND' })
})

test('several languages are several answers', async (t) => {
  const { read } = await lyricsOf(t, {
    'Song.lrc': '[lang:fr]\n[00:01]un',
    'Song.en.lrc': '[00:01]one',
    'song.pt-BR.LRC': '[offset:500]\n[00:01]um',
    'Song.live version.lrc': '[00:01]what',
  })
  assert.deepEqual(
    (await read()).map(({ lang, offsetMs, lines }) => [lang, offsetMs, lines[0]?.text]),
    [
      ['fr', 0, 'un'],
      ['en', 0, 'one'],
      ['pt-br', 500, 'um'],
      ['und', 0, 'what'],
    ],
  )
})

test('texts are read in the encoding they are in', async (t) => {
  const utf16be = Buffer.from('\ufeffÄpfel 苹果', 'utf16le').swap16()
  const texts: readonly (readonly [string, Uint8Array])[] = [
    ['Äpfel 苹果', Buffer.from('\ufeffÄpfel 苹果')],
    ['Äpfel 苹果', Buffer.from('Äpfel 苹果')],
    ['Äpfel 苹果', Buffer.from('\ufeffÄpfel 苹果', 'utf16le')],
    ['Äpfel 苹果', utf16be],
    ['Apfelbaum', Buffer.from('Apfelbaum', 'utf16le')],
    ['Äpfel für Zoë', Buffer.from('Äpfel für Zoë', 'latin1')],
    ['苹果 apple 你好', Buffer.from([0xc6, 0xbb, 0xb9, 0xfb, ...Buffer.from(' apple '), 0xc4, 0xe3, 0xba, 0xc3])],
  ]
  for (const [expected, bytes] of texts) {
    const { read } = await lyricsOf(t, { 'Song.txt': bytes })
    assert.deepEqual(words(await read()), [expected])
  }
})

test('subtitles and timed text are synced lyrics', async (t) => {
  const srt =
    '1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>Hello</i>\r\nyou\r\n\r\n2\r\n00:01:02,05 --> 00:01:03,000\r\n{\\an8}Bye\r\n'
  const subtitles = await lyricsOf(t, { 'Song.srt': srt })
  assert.deepEqual((await subtitles.read())[0]?.lines, [
    { ms: 1_500, text: 'Hello\nyou' },
    { ms: 62_050, text: 'Bye' },
  ])
  const ttml = `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en-GB"><head/><body><div>
    <!-- <p begin="0s">not this</p> -->
    <p begin="1:02.5" end="1:03"><span begin="1:02.5">Rock</span> <span begin="1:02.9">&amp; roll &#33;</span>
      <span ttm:role="x-translation" xml:lang="de">Stein <span>und</span> Rolle</span></p>
    <p begin="5.25s">first<br/>twice</p></div></body></tt>`
  const timed = await lyricsOf(t, { 'Song.ttml': ttml })
  assert.deepEqual(await timed.read(), [
    {
      lang: 'en-gb',
      synced: true,
      offsetMs: 0,
      lines: [
        { ms: 5_250, text: 'first\ntwice' },
        { ms: 62_500, text: 'Rock & roll !' },
      ],
    },
  ])
  const plain = await lyricsOf(t, { 'Song.ttml': '<tt><body><p>one</p><p>two</p></body></tt>' })
  assert.deepEqual(await plain.read(), [
    { lang: 'und', synced: false, offsetMs: 0, lines: [{ text: 'one' }, { text: 'two' }] },
  ])
})

test('broken and hostile files give what can be read of them, in one pass', async (t) => {
  for (const [ending, hostile] of [
    ['srt', '00:00:01,000 -->'.repeat(60_000)],
    ['srt', '<'.repeat(1_000_000)],
    ['ttml', '<p begin="'.repeat(90_000)],
    ['ttml', '<!--'.repeat(250_000)],
    ['ttml', '<!---->'.repeat(140_000)],
    ['ttml', `<p begin="1s">${'<span'.repeat(180_000)}`],
    ['ttml', `<p${' begin'.repeat(150_000)}>x</p>`],
    ['lrc', '[00:01'.repeat(150_000)],
  ] as const) {
    const { read } = await lyricsOf(t, { [`Song.${ending}`]: hostile })
    assert.ok(Array.isArray(await read()))
  }
})

test('files that are too long, links out of the music, pipes and paths are not read', async (t) => {
  const tooLong = await lyricsOf(t, { 'Song.txt': 'x'.repeat((1 << 20) + 1) })
  assert.deepEqual(await tooLong.read(), [])

  const linked = await lyricsOf(t, { 'other.txt': 'within' }, { names: ['Song.txt'] })
  await symlink('other.txt', join(linked.folder, 'Song.txt'))
  assert.deepEqual(words(await linked.read()), ['within'])

  const leading = await lyricsOf(t, {}, { names: ['Song.txt'] })
  await symlink('/etc/hostname', join(leading.folder, 'Song.txt'))
  assert.deepEqual(await leading.read(), [])

  const pipe = await lyricsOf(t, {}, { names: ['Song.txt'] })
  execFileSync('mkfifo', [join(pipe.folder, 'Song.txt')])
  assert.deepEqual(await pipe.read(), [])

  const path = await lyricsOf(t, {}, { names: ['../secret.txt', '/etc/hostname.txt', '..'] })
  await writeFile(join(path.folder, '../secret.txt'), 'secret')
  assert.deepEqual(await path.read(), [])
})

test('a file that is gone is no error, one that changed is read again', async (t) => {
  const { read, folder } = await lyricsOf(t, {}, { names: ['Song.txt'] })
  assert.deepEqual(await read(), [])
  await writeFile(join(folder, 'Song.txt'), 'one')
  assert.deepEqual(words(await read()), ['one'])
  await appendFile(join(folder, 'Song.txt'), '\ntwo')
  assert.deepEqual(words(await read()), ['one|two'])
})

test('plugins are asked when the library has none, and their answers are bounded', async (t) => {
  const asked: unknown[] = []
  const hooks = dispatcherOf(
    entry('media.lyrics', (input) => {
      asked.push(input)
      return [
        { lang: 'EN', synced: true, offsetMs: 12.7, lines: [{ ms: 10.6, text: 'sung' }] },
        { lang: '../x', synced: true, lines: [{ text: 'x'.repeat(5_000) }] },
      ]
    }),
  )
  const none = await lyricsOf(t, {}, { hooks })
  assert.deepEqual(await none.read(), [
    { lang: 'en', synced: true, offsetMs: 12, lines: [{ ms: 10, text: 'sung' }] },
    { lang: 'und', synced: false, offsetMs: 0, lines: [{ text: 'x'.repeat(2_000) }] },
  ])
  const some = await lyricsOf(t, {}, { hooks, embedded: true })
  await some.read()
  assert.deepEqual(asked, [{ userId: 'u1', mediaId: 's1', title: 'Song', artist: 'Artist', durationMs: 1000 }])
})

test('plugins may tell times of words, which are put in order and bounded', async (t) => {
  const cues = [
    { ms: 10.6, from: 0, to: 3 },
    { ms: 5, from: 3, to: 99 },
    { ms: 7, from: -4, to: 2 },
  ]
  const answers = [
    {
      lang: 'en',
      synced: true,
      lines: [{ ms: 10, text: 'sung (ooh)' }],
      agents: [
        { id: 'b', role: 'bg' },
        { id: 'a', role: 'voice', name: 'Ann' },
        { id: 'm', role: 'main' },
      ],
      cueLines: [
        { index: 0, text: '(ooh)', agentId: 'b', cues: [{ ms: 20, endMs: 30, from: 0, to: 5 }] },
        { index: 0, text: 'sung', agentId: 'm', cues },
        { index: 0, text: 'too', agentId: 'a', cues },
        { index: 7, text: 'nowhere', agentId: 'a', cues },
        { index: 0.5, text: 'nowhere', agentId: 'a', cues },
      ],
    },
    { lang: 'de', synced: true, kind: 'translation', lines: [{ ms: 10, text: 'gesungen' }] },
    {
      lang: 'de',
      synced: false,
      lines: [{ text: 'x' }],
      cueLines: [{ index: 0, text: 'x', cues: [{ ms: 1, from: 0, to: 1 }] }],
    },
  ]
  const hooks = dispatcherOf(entry('media.lyrics', () => answers as readonly LyricsAnswer[]))
  const { lyrics, read } = await lyricsOf(t, {}, { hooks })
  const [first, second, third] = await lyrics.ofSong(viewer(), SONG, { enhanced: true })
  assert.deepEqual(first?.agents, [
    { id: 'm', role: 'main' },
    { id: 'b-bg', role: 'bg' },
    { id: 'a', role: 'voice', name: 'Ann' },
  ])
  const sung = [
    { ms: 10, from: 0, to: 3 },
    { ms: 10, from: 3, to: 4 },
  ]
  assert.deepEqual(first?.cueLines, [
    { index: 0, ms: 10, text: 'sung', agentId: 'm', cues: sung },
    { index: 0, ms: 20, endMs: 30, text: '(ooh)', agentId: 'b-bg', cues: [{ ms: 20, endMs: 30, from: 0, to: 5 }] },
    { index: 0, ms: 10, text: 'too', agentId: 'a', cues: sung.slice(0, 1) },
  ])
  assert.equal(second?.kind, 'translation')
  assert.equal(third?.cueLines, undefined)
  assert.deepEqual(
    (await read()).map((one) => [one.lang, Object.keys(one)]),
    [
      ['en', ['lang', 'synced', 'offsetMs', 'lines']],
      ['de', ['lang', 'synced', 'offsetMs', 'lines']],
    ],
  )
})
