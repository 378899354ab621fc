import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chromium } from 'playwright-core'
import { adtsFrames, timestampTag } from '../../src/media/hls/packed-audio.ts'
import { segmentsOf } from '../../src/media/hls/segments.ts'
import { createTestClock } from '../support/clock.ts'
import { login, queryString, type SubsonicQuery } from '../support/subsonic-request.ts'
import { tempFolder } from '../support/temp-database.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { idsOf } from './world.ts'

const HAS_FFMPEG = spawnSync('ffprobe', ['-version']).status === 0
const CHROMIUM = '/usr/bin/chromium'
const ME = login(ADMIN.name, ADMIN.password)
const ANN = login('ann', 'ann-pass')
const SECONDS = 25
const RATE = 44_100
const HOUR = 3_600_000

/** One channel that rises, so that no two places of it sound alike. */
function rising(): Buffer {
  const bytes = Buffer.alloc(44 + SECONDS * RATE * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(RATE, 24)
  bytes.writeUInt32LE(RATE * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(bytes.length - 44, 40)
  for (let n = 0; n < SECONDS * RATE; n++)
    bytes.writeInt16LE(Math.round(12_000 * Math.sin(2 * Math.PI * (220 + (20 * n) / RATE) * (n / RATE))), 44 + n * 2)
  return bytes
}

async function stage(t: TestContext, engine: 'native' | 'wasm' | 'off') {
  const clock = createTestClock(Date.UTC(2026, 0, 2))
  const server = await startTestServer(
    {
      libraries: { Main: { 'Tone.wav': rising() }, More: { 'Only.mp3': { title: 'Only' } } },
      users: [
        { name: 'ann', password: 'ann-pass', libraries: ['Main'] },
        { name: 'guest', password: 'guest-pass', roles: [] },
      ],
      clock,
      settings: { 'transcoding.engine': engine },
    },
    t,
  )
  return { server, clock, ids: idsOf(server.core.repositories) }
}

const addressOf = (server: TestServer, query: SubsonicQuery) =>
  `${server.url}/rest/hls.m3u8?${queryString({ ...ME, ...query })}`

async function lines(address: string): Promise<readonly string[]> {
  const reply = await fetch(address)
  assert.equal(reply.status, 200)
  assert.equal(reply.headers.get('content-type'), 'application/vnd.apple.mpegurl')
  return (await reply.text()).split('\n')
}

const inside = (all: readonly string[], address: string) =>
  all.filter((line) => line !== '' && !line.startsWith('#')).map((line) => new URL(line, address).href)

test('a playlist names whole frames, and several bit rates are variants', async (t) => {
  const { server, ids } = await stage(t, 'wasm')
  const id = ids.song('Tone')
  for (const path of ['hls.m3u8', 'hls.m3u8.view', 'HLS.m3u8']) {
    const address = addressOf(server, { id }).replace('hls.m3u8', path)
    const all = await lines(address)
    assert.deepEqual(all.slice(0, 5), [
      '#EXTM3U',
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:10',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:VOD',
    ])
    assert.equal(inside(all, address).length, 3)
    assert.doesNotMatch(all.join(), /admin/)
  }
  const address = addressOf(server, { id, bitRate: ['64', '128@480x360', 'nonsense', '64', '5', '999'] })
  const master = await lines(address)
  const told = master.flatMap((line) => /AVERAGE-BANDWIDTH=(\d+),CODECS="mp4a.40.2"/.exec(line)?.[1] ?? [])
  assert.deepEqual(told, ['64000', '128000', '32000', '160000'])
  for (const variant of inside(master, address)) {
    const all = await lines(variant)
    assert.equal(inside(all, variant).length, 3)
  }
  const single = addressOf(server, { id, bitRate: '96@1x1' })
  const [first = ''] = inside(await lines(single), single)
  const reply = await fetch(first)
  assert.equal(reply.headers.get('content-type'), 'audio/aac')
  const bytes = Buffer.from(await reply.arrayBuffer())
  assert.deepEqual(bytes.subarray(0, 73), timestampTag(0))
  assert.ok(adtsFrames(bytes.subarray(73), 0, segmentsOf(SECONDS * 1000, RATE).pieceOf(0).frames), 'all frames')
  const rate = ((bytes.length - 73) * 8) / segmentsOf(SECONDS * 1000, RATE).durationOf(0)
  assert.ok(rate > 48_000 && rate < 110_000, `${rate} bit/s`)
})

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: segments made by themselves join without gaps`, {
    skip: HAS_FFMPEG ? false : 'no ffmpeg',
  }, async (t) => {
    const { server, ids } = await stage(t, engine)
    const address = addressOf(server, { id: ids.song('Tone'), bitRate: 128 })
    const parts: Buffer[] = []
    // The last first: each by itself.
    for (const segment of inside(await lines(address), address).reverse()) {
      const reply = await fetch(segment)
      assert.equal(reply.status, 200)
      parts.unshift(Buffer.from(await reply.arrayBuffer()).subarray(73))
    }
    const file = join(tempFolder(t), 'joined.aac')
    writeFileSync(file, Buffer.concat(parts))
    const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 's16le', '-ac', '1', 'pipe:1'], {
      maxBuffer: 1 << 26,
    })
    const source = rising()
    const { pieceOf, count } = segmentsOf(SECONDS * 1000, RATE)
    for (let joint = 1; joint < count; joint++) {
      // The encoder is a frame late.
      const at = (pieceOf(joint).ticks * RATE) / 90_000
      let noise = 0
      let signal = 0
      for (
        let n = Math.round(at) - 4000;
        n < Math.round(at) + 4000 && (n + 1) * 2 <= raw.length && n - 1024 < SECONDS * RATE;
        n++
      ) {
        const wanted = source.readInt16LE(44 + (n - 1024) * 2)
        noise += (raw.readInt16LE(n * 2) - wanted) ** 2
        signal += wanted ** 2
      }
      const decibels = 10 * Math.log10(signal / noise)
      assert.ok(decibels > 20, `${decibels} dB at joint ${joint}`)
    }
  })
}

test('ffmpeg reads the playlist with its whole length', { skip: HAS_FFMPEG ? false : 'no ffmpeg' }, async (t) => {
  const { server, ids } = await stage(t, 'native')
  const show = ['-show_entries', 'format=duration,format_name:stream=codec_name,sample_rate', '-of', 'json']
  const arguments_ = ['-v', 'error', ...show, addressOf(server, { id: ids.song('Tone') })]
  const probe = await run('ffprobe', arguments_)
  const { format, streams } = JSON.parse(probe)
  assert.equal(format.format_name, 'hls')
  assert.equal(streams[0].codec_name, 'aac')
  assert.ok(Math.abs(Number(format.duration) - SECONDS) < 0.1, `${format.duration} s`)
  const decoded = await run('ffmpeg', [
    '-v',
    'info',
    '-i',
    addressOf(server, { id: ids.song('Tone') }),
    '-f',
    'null',
    '-',
  ])
  const times = [...decoded.matchAll(/time=\d+:\d+:([\d.]+)/g)].map((found) => Number(found[1]))
  assert.ok(Math.abs((times.at(-1) ?? 0) - SECONDS) < 0.2, `${times.at(-1)} s`)
})

/** The server answers in this process: it must not wait for the program. */
function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'utf8', timeout: 60_000 } as const
    execFile(file, args, options, (error, stdout, stderr) => (error ? reject(error) : resolve(stdout + stderr)))
  })
}

test('a ticket serves its song and time alone, and ends with the login and the right', async (t) => {
  const { server, clock, ids } = await stage(t, 'wasm')
  const { accounts } = server.core
  const id = ids.song('Tone')
  const firstOf = async (query: SubsonicQuery = {}) => {
    const address = addressOf(server, { id, ...query })
    return inside(await lines(address), address)[0] ?? ''
  }
  const statusOf = async (address: string) => {
    const reply = await fetch(address, { method: 'HEAD' })
    return reply.status
  }
  const mine = await firstOf()
  assert.equal(await statusOf(mine), 200)
  assert.equal(await statusOf(mine.replace('0.aac', '3.aac')), 404)
  assert.equal(await statusOf(mine.replace('0.aac', 'x.aac')), 404)
  assert.equal(await statusOf(mine.replace('0.aac', '-1.aac')), 404)
  assert.equal(await statusOf(mine.replace(/t=..../, 't=AAAA')), 410)
  assert.equal(await statusOf(mine.replace(/t=.*/, 't=x')), 410)
  assert.equal(await statusOf(mine.replace(/\?.*/, '')), 410)
  const ann = accounts.find('ann')
  const hers = await firstOf(ANN)
  await accounts.update(ann?.id as never, { maxBitRate: 64 })
  assert.equal(await statusOf(hers), 410)
  const limited = await firstOf({ ...ANN, bitRate: 320 })
  assert.equal(await statusOf(limited), 200)
  await accounts.update(ann?.id as never, { roles: [] })
  assert.equal(await statusOf(limited), 403)
  clock.advance(49 * HOUR)
  assert.equal(await statusOf(mine), 410)

  const codeOf = async (query: SubsonicQuery) => {
    const reply = await fetch(addressOf(server, { f: 'json', ...query }))
    return (await reply.json())['subsonic-response'].error.code as number
  }
  assert.equal(await codeOf({}), 10)
  assert.equal(await codeOf({ id: 's0' }), 70)
  assert.equal(await codeOf({ id: ids.song('Only'), ...ANN }), 50)
  assert.equal(await codeOf({ id, ...login('guest', 'guest-pass') }), 50)
})

test('without an engine there are no segments, and that is said', async (t) => {
  const { server, ids } = await stage(t, 'off')
  const reply = await fetch(addressOf(server, { id: ids.song('Tone'), f: 'json' }))
  assert.match(JSON.stringify(await reply.json()), /can not make segments/)
})

const BROWSER = { skip: existsSync(CHROMIUM) ? false : 'no chromium here', timeout: 120_000 }

test('hls.js plays it in a browser, goes on and seeks', BROWSER, async (t) => {
  const { server, ids } = await stage(t, HAS_FFMPEG ? 'native' : 'wasm')
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
  t.after(() => browser.close())
  const page = await browser.newPage()
  await page.goto(`${server.url}/ping`)
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js') })
  await page.evaluate(`
    globalThis.failures = []
    globalThis.audio = document.body.appendChild(new Audio())
    const hls = new Hls({ enableWorker: false })
    hls.on(Hls.Events.ERROR, (_event, data) => failures.push(data.type + ' ' + data.details))
    hls.loadSource(${JSON.stringify(addressOf(server, { id: ids.song('Tone'), bitRate: [64, 128] }))})
    hls.attachMedia(audio)
    audio.play()
  `)
  await page.waitForFunction('audio.currentTime > 0.5')
  assert.ok(Math.abs(Number(await page.evaluate('audio.duration')) - SECONDS) < 0.2, 'its whole length')
  await page.evaluate('audio.currentTime = 18.5')
  await page.waitForFunction('audio.currentTime > 20.5 && !audio.seeking')
  await page.waitForFunction('audio.ended')
  assert.deepEqual(await page.evaluate('failures'), [])
})
