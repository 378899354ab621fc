// What a new user does, by HTTP alone: ping, log in, wait for the scan, stream a song, see a cover, have a song converted.
// Usage: node listen.mjs ADDRESS PASSWORD_FILE SONGS [--no-conversion]. Ends with 0 when all went well.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [address, passwordFile, songs, ...flags] = process.argv.slice(2)
/** Under emulation a start takes half a minute, a conversion several. */
const DEADLINE_MS = 600_000

async function until(what, attempt) {
  const end = Date.now() + DEADLINE_MS
  for (;;) {
    let failure
    try {
      const result = await attempt()
      if (result) return result
    } catch (error) {
      failure = error
    }
    if (Date.now() > end) throw new Error(`${what} took too long`, { cause: failure })
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function say(what, started) {
  process.stdout.write(`  ok  ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`)
}

async function step(what, work) {
  const started = Date.now()
  const result = await work()
  say(what, started)
  return result
}

function call(method, parameters = {}) {
  const salt = randomBytes(6).toString('hex')
  const token = createHash('md5')
    .update(password + salt)
    .digest('hex')
  const query = new URLSearchParams({
    u: 'admin',
    t: token,
    s: salt,
    v: '1.16.1',
    c: 'armbuild',
    f: 'json',
    ...parameters,
  })
  return fetch(`${address}/rest/${method}?${query}`, { signal: AbortSignal.timeout(DEADLINE_MS) })
}

async function ask(method, parameters) {
  const { 'subsonic-response': answer } = await (await call(method, parameters)).json()
  assert.equal(answer.status, 'ok', `${method}: ${JSON.stringify(answer.error)}`)
  return answer
}

async function bytes(method, parameters) {
  const reply = await call(method, parameters)
  assert.equal(reply.status, 200, method)
  return { type: reply.headers.get('content-type') ?? '', body: Buffer.from(await reply.arrayBuffer()) }
}

await step('ping', () => until('the start', async () => (await fetch(`${address}/ping`)).ok))
const password = await until('the first password', () => readFileSync(passwordFile, 'utf8').trim())
await step('first login', () => ask('ping'))
await step(`scan of ${songs} songs`, () =>
  until('the scan', async () => {
    const { scanStatus } = await ask('getScanStatus')
    return !scanStatus.scanning && scanStatus.count === Number(songs)
  }),
)
const { searchResult3 } = await ask('search3', { query: '', songCount: '500' })
assert.equal(searchResult3.song.length, Number(songs))
const [song] = searchResult3.song
await step('stream', async () => {
  const { type, body } = await bytes('stream', { id: song.id })
  assert.match(type, /flac/)
  assert.equal(body.length, song.size)
})
await step('cover, made smaller', async () => {
  const { type, body } = await bytes('getCoverArt', { id: song.coverArt, size: '64' })
  assert.match(type, /^image\//)
  assert.ok(body.length > 100 && body.length < 20_000, `${body.length} bytes`)
})
if (!flags.includes('--no-conversion')) {
  await step('conversion to mp3', async () => {
    const { type, body } = await bytes('stream', { id: song.id, format: 'mp3', maxBitRate: '64' })
    assert.match(type, /mpeg/)
    assert.ok(body.length > 1000 && body.length < song.size, `${body.length} bytes`)
  })
}
