import assert from 'node:assert/strict'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createTestClock } from '../support/clock.ts'
import { createRandom } from '../support/random.ts'
import { type Answered, at, login, queryString, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { idsOf, LIBRARIES, USERS } from './world.ts'

const ME = login(ADMIN.name, ADMIN.password)
const ANN = login('ann', 'ann-pass')
const clock = createTestClock(Date.UTC(2026, 0, 2))
const HOUR = 3_600_000

const MP3 = { containers: ['mp3'], audioCodecs: ['mp3'], protocols: ['http'] }
const DIRECT = { name: 'x', platform: 'y', directPlayProfiles: [MP3] }
const TO_MP3 = {
  name: 'x',
  platform: 'y',
  maxTranscodingAudioBitrate: 128_000,
  transcodingProfiles: [{ container: 'mp3', audioCodec: 'mp3', protocol: 'http' }],
}

let server: TestServer
let ids: ReturnType<typeof idsOf>
before(async () => {
  server = await startTestServer({
    libraries: LIBRARIES,
    users: USERS,
    clock,
    settings: { 'transcoding.engine': 'wasm' },
  })
  ids = idsOf(server.core.repositories)
})
after(() => server?.stop())

interface Asked {
  readonly method?: string
  readonly type?: string
  readonly body?: string | Uint8Array
}

async function post(query: SubsonicQuery, { method = 'POST', type = 'application/json', body }: Asked = {}) {
  const reply = await fetch(`${server.url}/rest/getTranscodeDecision?${queryString({ f: 'json', ...query })}`, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, headers: reply.headers, text }
}

async function decide(query: SubsonicQuery, info: unknown): Promise<Answered> {
  const { text } = await post({ mediaType: 'song', ...ME, ...query }, { body: JSON.stringify(info) })
  return JSON.parse(text)['subsonic-response']
}

async function paramsOf(query: SubsonicQuery, info: unknown = DIRECT): Promise<string> {
  return String(at(await decide(query, info), 'transcodeDecision.transcodeParams'))
}

function listen(query: SubsonicQuery, headers: Readonly<Record<string, string>> = {}, method = 'GET') {
  const address = `${server.url}/rest/getTranscodeStream?${queryString({ mediaType: 'song', ...ME, ...query })}`
  return fetch(address, { headers, method })
}

test('a song that plays comes as it is', async () => {
  const mediaId = ids.song('One')
  const decision = at(await decide({ mediaId }, DIRECT), 'transcodeDecision') as Answered
  assert.deepEqual(
    { ...decision, transcodeParams: '' },
    {
      canDirectPlay: true,
      canTranscode: false,
      transcodeParams: '',
      sourceStream: {
        protocol: 'http',
        container: 'mp3',
        codec: 'mp3',
        audioChannels: 1,
        audioBitrate: 64_000,
        audioSamplerate: 44_100,
      },
    },
  )
  const transcodeParams = String(decision.transcodeParams)
  assert.match(transcodeParams, /^[\w-]{50,200}$/)
  const whole = await listen({ mediaId, transcodeParams })
  const file = readFileSync(join(server.musicDir, 'Main/Ann/First/01 - One.mp3'))
  assert.equal(whole.status, 200)
  assert.equal(whole.headers.get('content-type'), 'audio/mpeg')
  assert.equal(whole.headers.get('accept-ranges'), 'bytes')
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), file)
  const part = await listen({ mediaId, transcodeParams, offset: 1 }, { range: 'bytes=10-19' })
  assert.equal(part.status, 206)
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), file.subarray(10, 20))
  const head = await listen({ mediaId, transcodeParams }, {}, 'HEAD')
  assert.equal(head.headers.get('content-length'), String(file.length))
})

test('another song is converted, from an offset too, and has ranges when it is kept', async () => {
  const mediaId = ids.song('Left')
  const decision = at(await decide({ mediaId }, TO_MP3), 'transcodeDecision') as Answered
  assert.equal(decision.canDirectPlay, false)
  assert.equal(decision.canTranscode, true)
  assert.deepEqual(decision.transcodeStream, {
    protocol: 'http',
    container: 'mp3',
    codec: 'mp3',
    audioChannels: 1,
    audioBitrate: 128_000,
    audioSamplerate: 44_100,
  })
  const transcodeParams = String(decision.transcodeParams)
  const first = await listen({ mediaId, transcodeParams })
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('content-type'), 'audio/mpeg')
  const bytes = (await first.arrayBuffer()).byteLength
  assert.ok(bytes > 10_000, `${bytes} bytes`)
  let kept = await listen({ mediaId, transcodeParams }, { range: 'bytes=0-99' })
  for (const end = Date.now() + 10_000; kept.status !== 206 && Date.now() < end; ) {
    await kept.arrayBuffer()
    kept = await listen({ mediaId, transcodeParams }, { range: 'bytes=0-99' })
  }
  assert.equal(kept.status, 206)
  assert.equal((await kept.arrayBuffer()).byteLength, 100)
  const later = await listen({ mediaId, transcodeParams, offset: 999 })
  assert.equal(later.status, 200)
  await later.arrayBuffer()
})

test('what nothing plays gets reasons and no params', async () => {
  const opus = { containers: ['ogg'], audioCodecs: ['opus'], protocols: [] }
  const answer = await decide({ mediaId: ids.song('One') }, { ...DIRECT, directPlayProfiles: [opus, opus] })
  const decision = at(answer, 'transcodeDecision') as Answered
  assert.equal(decision.canDirectPlay, false)
  assert.equal(decision.canTranscode, false)
  assert.deepEqual(decision.transcodeReason, ['container not supported', 'container not supported'])
  assert.equal(decision.errorReason, 'no compatible playback profile found')
  assert.equal(decision.transcodeParams, undefined)
  const { text } = await post(
    { ...ME, f: 'xml', mediaId: ids.song('One'), mediaType: 'song' },
    { body: JSON.stringify(DIRECT) },
  )
  assert.match(
    text,
    /<transcodeDecision canDirectPlay="true" canTranscode="false" transcodeParams="[\w-]+"><sourceStream protocol="http"/,
  )
})

const QUERY = () => ({ ...ME, mediaId: ids.song('One'), mediaType: 'song' })

test('only POST decides; other types of bodies are read as JSON too', async () => {
  for (const method of ['GET', 'HEAD']) {
    const refused = await post(QUERY(), { method })
    assert.equal(refused.status, 405)
    assert.equal(refused.headers.get('allow'), 'POST')
  }
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
  ]) {
    const body = JSON.stringify({ ...DIRECT, name: 'u=nobody&p=x', platform: 'x'.repeat(999) })
    const { text } = await post(QUERY(), { type, body })
    assert.equal(at(JSON.parse(text), 'subsonic-response.transcodeDecision.canDirectPlay'), true, type)
  }
})

test('what is missing, unknown or not seen', async () => {
  const codeOf = async (query: SubsonicQuery) => at(await decide(query, DIRECT), 'error.code')
  assert.equal(await codeOf({}), 10)
  assert.equal(await codeOf({ mediaId: ids.song('One'), mediaType: '' }), 10)
  assert.equal(await codeOf({ mediaId: ids.song('One'), mediaType: 'film' }), 0)
  assert.equal(await codeOf({ mediaId: ids.song('One'), mediaType: 'podcast' }), 70)
  assert.equal(await codeOf({ mediaId: 's0' }), 70)
  assert.equal(await codeOf({ mediaId: 'nothing' }), 70)
  assert.equal(await codeOf({ mediaId: ids.album('First') }), 70)
  assert.equal(await codeOf({ mediaId: ids.song('Only'), ...ANN }), 70)
  assert.equal(await codeOf({ mediaId: ids.song('One'), ...login('guest', 'guest-pass') }), 50)
  assert.equal(await codeOf({ mediaId: ids.song('One'), u: 'admin', p: 'wrong' }), 40)
})

const WRONG: readonly (readonly [body: string | Uint8Array, says: RegExp])[] = [
  ['', /must be JSON/],
  ['{', /must be JSON/],
  [Uint8Array.of(0x7b, 0xff, 0x7d), /must be JSON/],
  ['null', /The body must be an object/],
  ['[]', /The body must be an object/],
  ['{"name":1}', /^name must be a text/],
  ['{"maxAudioBitrate":"128000"}', /^maxAudioBitrate must be a whole number/],
  ['{"maxAudioBitrate":-1}', /^maxAudioBitrate must be/],
  ['{"maxAudioBitrate":1.5}', /^maxAudioBitrate must be/],
  ['{"maxTranscodingAudioBitrate":1e400}', /^maxTranscodingAudioBitrate must be/],
  ['{"directPlayProfiles":{}}', /^directPlayProfiles must be a list/],
  ['{"directPlayProfiles":[1]}', /^directPlayProfiles\[0\] must be an object/],
  ['{"directPlayProfiles":[{"containers":"mp3"}]}', /^directPlayProfiles\[0\]\.containers must be a list/],
  ['{"directPlayProfiles":[{},{"audioCodecs":[null]}]}', /^directPlayProfiles\[1\]\.audioCodecs\[0\] must be a text/],
  [
    '{"directPlayProfiles":[{"protocols":["ftp"]}]}',
    /^directPlayProfiles\[0\]\.protocols\[0\] must be one of http, hls/,
  ],
  ['{"directPlayProfiles":[{"maxAudioChannels":"2"}]}', /^directPlayProfiles\[0\]\.maxAudioChannels must be/],
  ['{"transcodingProfiles":[{"container":["mp3"]}]}', /^transcodingProfiles\[0\]\.container must be a text/],
  ['{"transcodingProfiles":[{"protocol":"ftp"}]}', /^transcodingProfiles\[0\]\.protocol must be one of/],
  ['{"codecProfiles":[{"type":"Video","name":"x"}]}', /^codecProfiles\[0\]\.type must be one of AudioCodec/],
  ['{"codecProfiles":[{"type":"AudioCodec"}]}', /^codecProfiles\[0\]\.name must be/],
  ['{"codecProfiles":[{"name":"x","limitations":[{}]}]}', /limitations\[0\]\.name must be one of audioChannels/],
  [
    '{"codecProfiles":[{"name":"x","limitations":[{"name":"audioChannels","comparison":"Less"}]}]}',
    /comparison must be one of/,
  ],
  [
    '{"codecProfiles":[{"name":"x","limitations":[{"name":"audioChannels","comparison":"Equals","values":["two"]}]}]}',
    /values\[0\] must be a whole number/,
  ],
  [
    '{"codecProfiles":[{"name":"x","limitations":[{"name":"audioChannels","comparison":"Equals","values":[2]}]}]}',
    /values\[0\] must be a text/,
  ],
  [
    '{"codecProfiles":[{"name":"x","limitations":[{"name":"audioChannels","comparison":"Equals","required":"yes"}]}]}',
    /required must be true or false/,
  ],
  [`{"name":"${'x'.repeat(1 << 20)}"}`, /longer than 1048576 bytes/],
  [`{"directPlayProfiles":[${'{},'.repeat(64)}{}]}`, /^directPlayProfiles must be a list of at most 64\./],
  [`{"transcodingProfiles":[${'{},'.repeat(64)}{}]}`, /^transcodingProfiles must be a list of at most 64\./],
  [`{"codecProfiles":[${'{},'.repeat(64)}{}]}`, /^codecProfiles must be a list of at most 64\./],
  [
    `{"codecProfiles":[{"name":"x","limitations":[${'{},'.repeat(64)}{}]}]}`,
    /^codecProfiles\[0\]\.limitations must be a list of at most 64\./,
  ],
  [
    `{"directPlayProfiles":[{"containers":[${'"x",'.repeat(498)}"x"]},{"audioCodecs":[${'"x",'.repeat(499)}"x"]}]}`,
    /^directPlayProfiles\[1\]\.audioCodecs must be shorter: all lists together have at most 1000 items\./,
  ],
  [
    `{"transcodingProfiles":[{"container":"${'x'.repeat(201)}"}]}`,
    /container must be a text of at most 200 characters/,
  ],
  [`${'['.repeat(200_000)}`, /must be JSON/],
]

test('malformed bodies are refused with the member that is wrong', async () => {
  for (const [body, says] of WRONG) {
    const { status, text } = await post(QUERY(), { body })
    const error = at(JSON.parse(text), 'subsonic-response.error') as Answered
    assert.equal(error.code, 0, String(says))
    assert.match(String(error.message), says)
    assert.equal(status, 200)
  }
})

test('an agreement serves its user, its song and its time alone, and dies with the file', async () => {
  const mediaId = ids.song('One')
  const statusOf = async (query: SubsonicQuery) => {
    const reply = await listen(query)
    const text = await reply.text()
    if (reply.status !== 200) {
      assert.match(String(reply.headers.get('content-type')), /^text\/plain/)
      assert.match(text, /^[^<{]+\n$/)
    }
    return reply.status
  }
  const transcodeParams = await paramsOf({ mediaId })
  assert.equal(await statusOf({ mediaId, transcodeParams }), 200)
  assert.equal(await statusOf({ mediaId, transcodeParams, ...ANN }), 410)
  assert.equal(await statusOf({ mediaId, transcodeParams: await paramsOf({ mediaId, ...ANN }), ...ANN }), 200)
  assert.equal(await statusOf({ mediaId: ids.song('Two'), transcodeParams }), 410)
  assert.equal(await statusOf({ mediaId: ids.song('Only'), transcodeParams, ...ANN }), 404)
  assert.equal(await statusOf({ mediaId: 's0', transcodeParams }), 404)
  assert.equal(await statusOf({ mediaId, transcodeParams: `${transcodeParams.slice(0, -3)}AAA` }), 410)
  assert.equal(await statusOf({ mediaId, transcodeParams: 'x' }), 410)
  assert.equal(await statusOf({ mediaId, transcodeParams: 'x'.repeat(10_000) }), 410)
  assert.equal(await statusOf({ mediaId }), 400)
  assert.equal(await statusOf({ transcodeParams }), 400)
  assert.equal(await statusOf({ mediaId, transcodeParams, mediaType: 'film' }), 400)
  assert.equal(await statusOf({ mediaId, transcodeParams, mediaType: 'podcast' }), 404)
  assert.equal(await statusOf({ mediaId, transcodeParams, p: 'wrong' }), 401)
  assert.equal(await statusOf({ mediaId, transcodeParams, ...login('guest', 'guest-pass') }), 403)

  clock.advance(47 * HOUR)
  assert.equal(await statusOf({ mediaId, transcodeParams }), 200)
  clock.advance(2 * HOUR)
  assert.equal(await statusOf({ mediaId, transcodeParams }), 410)

  const file = join(server.musicDir, 'Main/Ann/First/01 - One.mp3')
  const again = await paramsOf({ mediaId })
  const before = readFileSync(file)
  utimesSync(file, 1, 1)
  assert.equal(await statusOf({ mediaId, transcodeParams: again }), 410)
  writeFileSync(file, before)
  await server.core.scanner.scan({ kind: 'full' })
  assert.equal(await statusOf({ mediaId, transcodeParams: again }), 410)
  assert.equal(await statusOf({ mediaId, transcodeParams: await paramsOf({ mediaId }) }), 200)
})

test('a limit of the user counts, and a new one ends what was agreed', async () => {
  const { accounts } = server.core
  const ann = accounts.find('ann')
  assert.ok(ann, 'there is ann')
  const mediaId = ids.song('One')
  const transcodeParams = await paramsOf({ mediaId, ...ANN })
  const query = { mediaId, transcodeParams, ...ANN }
  assert.equal((await listen(query)).status, 200)
  await accounts.update(ann.id, { maxBitRate: 48 })
  assert.equal((await listen(query)).status, 410)
  const limited = at(await decide({ mediaId, ...ANN }, { ...DIRECT, ...TO_MP3 }), 'transcodeDecision') as Answered
  assert.equal(limited.canDirectPlay, false)
  assert.deepEqual(limited.transcodeReason, ['audio bitrate not supported'])
  assert.equal(at(limited, 'transcodeStream.audioBitrate'), 48_000)
  await accounts.update(ann.id, { maxBitRate: 0 })
})

test('an API key decides and streams', async () => {
  const { accounts } = server.core
  const { key } = accounts.createApiKey(accounts.find('ann')?.id as never, 'phone')
  const mediaId = ids.song('One')
  const byKey = { apiKey: key, v: '1.16.1', c: 'x', mediaId, mediaType: 'song' }
  const { text } = await post(byKey, { body: JSON.stringify(DIRECT) })
  const transcodeParams = at(JSON.parse(text), 'subsonic-response.transcodeDecision.transcodeParams') as string
  const address = `${server.url}/rest/getTranscodeStream?${queryString({ ...byKey, transcodeParams })}`
  const reply = await fetch(address)
  assert.equal(reply.status, 200)
  assert.ok((await reply.arrayBuffer()).byteLength > 1000, 'the song')
})

const ODD = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  '*',
  'mp3',
  'flac',
  'pcm_s16le',
  '__proto__',
  '\u0000',
  '😀',
  [],
  {},
  [[]],
  'x'.repeat(2000),
]
const MEMBERS = (
  'name platform maxAudioBitrate maxTranscodingAudioBitrate directPlayProfiles transcodingProfiles codecProfiles containers ' +
  'audioCodecs protocols maxAudioChannels container audioCodec protocol type limitations comparison values required __proto__ constructor'
).split(' ')

test('bodies of all sorts get a decision or an error that names what is wrong', { timeout: 120_000 }, async (t) => {
  const random = createRandom()
  t.diagnostic(`seed ${random.seed}`)
  const good = {
    name: 'x',
    platform: 'y',
    maxAudioBitrate: 320_000,
    maxTranscodingAudioBitrate: 128_000,
    directPlayProfiles: [MP3, { containers: [], audioCodecs: ['flac'], protocols: [], maxAudioChannels: 2 }],
    transcodingProfiles: [{ container: 'ogg', audioCodec: 'opus', protocol: 'http', maxAudioChannels: 2 }],
    codecProfiles: [
      {
        type: 'AudioCodec',
        name: 'mp3',
        limitations: [{ name: 'audioBitrate', comparison: 'LessThanEqual', values: ['320000'], required: true }],
      },
    ],
  }
  const spoilt = (value: unknown): unknown => {
    if (random.next() < 0.06) return random.pick(ODD)
    if (Array.isArray(value)) return value.flatMap((one) => (random.next() < 0.05 ? [one, spoilt(one)] : [spoilt(one)]))
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value).map(([name, one]) => [
      random.next() < 0.03 ? random.pick(MEMBERS) : name,
      spoilt(one),
    ])
    return Object.fromEntries(members)
  }
  const songs = ['One', 'Left', 'Eins', 'Zwei', '海'].map(ids.song)
  let decided = 0
  for (let round = 0; round < 600; round++) {
    const text = JSON.stringify(spoilt(good))
    const cut = random.next() < 0.05 ? text.slice(0, random.whole(text.length)) : text
    const { status, text: answer } = await post({ ...QUERY(), mediaId: random.pick(songs) }, { body: cut })
    assert.equal(status, 200, cut)
    const response = JSON.parse(answer)['subsonic-response'] as Answered
    if (response.status === 'ok') {
      decided++
      const { canDirectPlay, canTranscode, transcodeParams } = response.transcodeDecision as Answered
      assert.equal(typeof transcodeParams, canDirectPlay || canTranscode ? 'string' : 'undefined', cut)
    } else {
      assert.equal(at(response, 'error.code'), 0, cut)
      assert.match(String(at(response, 'error.message')), / must be /, cut)
    }
  }
  assert.ok(decided > 50, `${decided} decisions`)
})
