import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeMusicLibrary } from '../support/music-library.ts'
import { askJson, at, listAt, login, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { idsOf, LIBRARIES, USERS } from './world.ts'

test('startScan looks at the folders that it is told, and says which are none', async (t) => {
  const server = await startTestServer({ libraries: LIBRARIES, users: USERS }, t)
  const asAdmin = (endpoint: string, query: SubsonicQuery = {}) =>
    askJson(server.subsonic, endpoint, { ...login(ADMIN.name, ADMIN.password), ...query })
  const finished = async () => {
    while (at(await asAdmin('getScanStatus'), 'scanStatus.scanning')) await new Promise((done) => setTimeout(done, 20))
  }
  const titles = async () =>
    listAt(await asAdmin('search3', { query: '', songCount: 500 }), 'searchResult3.song', 'title')
  const ids = idsOf(server.core.repositories)
  const [main, more] = [ids.library('Main'), ids.library('More')]

  await makeMusicLibrary(join(server.musicDir, 'Main'), { 'Ann/Third/1.mp3': { title: 'Three' } })
  await makeMusicLibrary(join(server.musicDir, 'Main'), { 'Zoe/1.mp3': { title: 'Unseen' } })
  await rm(join(server.musicDir, 'More/Dee'), { recursive: true })
  const started = await asAdmin('startScan', { target: [`${main}:Ann`, `${more}:Dee/Solo`], fullScan: true })
  assert.deepEqual([started.status, at(started, 'scanStatus.scanning')], ['ok', true])
  const during = await asAdmin('getScanStatus')
  if (at(during, 'scanStatus.scanning')) assert.equal(at(during, 'scanStatus.scanType'), 'full-selective')
  await finished()
  const now = await titles()
  assert.deepEqual([now.includes('Three'), now.includes('Unseen'), now.includes('Two')], [true, false, true])
  // Its library is empty now: that looks like a disk that is gone, whoever looks.
  assert.equal(now.includes('Only'), true)

  for (const [target, code, told] of [
    ['99:Ann', 70, /library 99/],
    [`${main}:Nobody`, 70, /'Nobody' in the library 'Main'/],
    [`${main}:../More`, 10, /path in the library/],
    [`${main}:/etc`, 10, /path in the library/],
    ['Ann', 10, /'target'/],
    ['x:Ann', 10, /'target'/],
    ['-1:Ann', 10, /'target'/],
  ] as const) {
    const refused = await asAdmin('startScan', { target: [`${main}:Ann`, target] })
    assert.equal(at(refused, 'error.code'), code, target)
    assert.match(String(at(refused, 'error.message')), told)
  }
  assert.equal(at(await asAdmin('getScanStatus'), 'scanStatus.scanning'), false, 'nothing of these was scanned')
  const asAnn = await askJson(server.subsonic, 'startScan', { ...login('ann', 'ann-pass'), target: `${main}:Ann` })
  assert.equal(at(asAnn, 'error.code'), 50)

  await asAdmin('startScan', { target: `${main}:` })
  await finished()
  assert.ok((await titles()).includes('Unseen'), 'without a folder it is the whole library')
})
