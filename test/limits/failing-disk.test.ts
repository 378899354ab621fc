import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { scratch } from '../support/program.ts'
import { ask, type ServerProcess, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'

/** A stand-in between the server, its children too, and the system: the real calls fail. Needs a C compiler. */
const SHIM = fileURLToPath(new URL('../fixtures/failing-io.c', import.meta.url))
const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0
const skip = !hasCompiler && 'there is no C compiler'

before(() => {
  if (hasCompiler) buildOnce()
})

interface Failing {
  readonly server: ServerProcess
  readonly music: string
  readonly log: string
  /** These and no others fail from now on: `read EIO .eio.`, say. */
  fail(...rules: readonly string[]): void
}

async function start(t: TestContext, songs: readonly string[], rules: readonly string[] = []): Promise<Failing> {
  let stop = async () => {}
  const home = scratch((cleanup) =>
    t.after(async () => {
      await stop()
      cleanup()
    }),
  )
  const shim = join(home, 'failing-io.so')
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, SHIM, '-ldl'], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stderr)
  const file = join(home, 'rules')
  const fail: Failing['fail'] = (...lines) => {
    if (lines.length > 0) writeFileSync(file, lines.join('\n'))
    else rmSync(file, { force: true })
  }
  const music = join(home, 'music')
  mkdirSync(music)
  for (const [index, name] of songs.entries())
    await writeAudio(join(music, name), { format: 'mp3', tags: { title: name, artist: 'Ann', tracknumber: index + 1 } })
  fail(...rules)
  const log = join(home, 'server.log')
  const stdout = openSync(log, 'a')
  const server = await startServer({
    data: join(home, 'data'),
    music: [music],
    stdout,
    env: { TONEARM_SCANNER_WATCH: 'off', TONEARM_LOG_LEVEL: 'debug', LD_PRELOAD: shim, FAILING_IO: file },
  })
  closeSync(stdout)
  stop = () => server.stop()
  return { server, music, log, fail }
}

async function titles(server: ServerProcess): Promise<readonly string[]> {
  const { searchResult3 } = (await ask(server, 'search3', { query: '', songCount: 100 })) as {
    searchResult3: { song?: { title: string }[] }
  }
  return (searchResult3.song ?? []).map(({ title }) => title).sort()
}

async function idOf(server: ServerProcess, title: string): Promise<string> {
  const { searchResult3 } = (await ask(server, 'search3', { query: title })) as {
    searchResult3: { song: { id: string }[] }
  }
  return searchResult3.song[0]?.id ?? ''
}

async function status(server: ServerProcess, method: string, parameters: Readonly<Record<string, string>>) {
  const answer = (await (await fetch(subsonicUrl(server, method, parameters))).json()) as {
    'subsonic-response': { status: string }
  }
  return answer['subsonic-response'].status
}

test('a song that can not be read is left for later, and the others come', { skip }, async (t) => {
  const { server, fail } = await start(t, ['one.mp3', 'two.eio.mp3', 'three.mp3'], ['read EIO .eio.'])
  await scanFinished(server)
  assert.deepEqual(await titles(server), ['one.mp3', 'three.mp3'])
  fail()
  await ask(server, 'startScan')
  await scanFinished(server)
  assert.deepEqual(await titles(server), ['one.mp3', 'three.mp3', 'two.eio.mp3'])
})

test('a stream of a song that can not be read any more fails, and others go on', { skip }, async (t) => {
  const { server, fail } = await start(t, ['one.mp3', 'two.eio.mp3'])
  await scanFinished(server)
  const [good, bad] = [await idOf(server, 'one'), await idOf(server, 'two')]
  const bytes = async (id: string) =>
    fetch(subsonicUrl(server, 'stream', { id, format: 'raw' }))
      .then(async (reply) => `${reply.headers.get('content-type')} ${(await reply.arrayBuffer()).byteLength}`)
      .catch(() => 'cut off')
  const whole = await bytes(bad)
  assert.match(whole, /^audio\/mpeg \d+$/)
  fail('read EIO .eio.')
  for (let round = 0; round < 3; round++) {
    assert.doesNotMatch(await bytes(bad), /^audio/)
    assert.match(await bytes(good), /^audio\/mpeg \d+$/)
  }
  fail()
  assert.equal(await bytes(bad), whole)
})

for (const rule of ['write EIO', 'write ENOSPC', 'sync EIO'])
  test(`what the database's disk refuses (${rule}) is not answered as kept, and later writes are`, {
    skip,
  }, async (t) => {
    const { server, fail } = await start(t, ['one.mp3', 'two.mp3'])
    await scanFinished(server)
    const [one, two] = [await idOf(server, 'one'), await idOf(server, 'two')]
    fail(`${rule} tonearm.db`)
    for (let round = 0; round < 3; round++) {
      assert.equal(await status(server, 'star', { id: one }), 'failed')
      assert.equal(await status(server, 'getSong', { id: one }), 'ok')
    }
    fail()
    const until = performance.now() + 20_000
    while ((await status(server, 'star', { id: two })) !== 'ok' && performance.now() < until);
    const { song } = (await ask(server, 'getSong', { id: two })) as { song: { starred?: string } }
    assert.ok(song.starred)
    await server.stop()
  })

test('a database that can not be read answers with errors at most, and is read later', { skip }, async (t) => {
  const { server, fail } = await start(t, ['one.mp3'])
  await scanFinished(server)
  const id = await idOf(server, 'one')
  fail('read EIO tonearm.db')
  for (const method of ['getSong', 'getArtists', 'getIndexes', 'getPlaylists', 'star', 'ping'])
    assert.match(await status(server, method, { id }), /^(ok|failed)$/)
  assert.equal((await fetch(`${server.url}/ping`)).status, 200)
  fail()
  const until = performance.now() + 20_000
  while ((await status(server, 'star', { id })) !== 'ok' && performance.now() < until);
  assert.equal(await status(server, 'star', { id }), 'ok')
})

for (const code of ['EIO', 'ENOSPC'])
  test(`a log that can not be written (${code}) stops nothing, and goes on later`, { skip }, async (t) => {
    const { server, fail, log } = await start(t, ['one.mp3'])
    await scanFinished(server)
    fail(`write ${code} server.log`)
    for (let request = 0; request < 50; request++) assert.equal((await fetch(`${server.url}/nothing`)).status, 404)
    const before = readFileSync(log).length
    fail()
    const until = performance.now() + 20_000
    while (readFileSync(log).length === before && performance.now() < until) await fetch(`${server.url}/nothing`)
    assert.ok(readFileSync(log).length > before)
  })
