import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import { startPluginServer } from '../support/plugin-server.ts'
import { ADMIN } from '../support/test-server.ts'

const song = (title: string, album: string) => ({ title, artist: 'Dee', albumartist: 'Dee', album })
const PLUGINS = ['library-acl', 'sharing'].map((name) => new URL(`../../plugins/${name}/`, import.meta.url))

test('a song that was shared shows its cover by its own id; by its album, artist and folders nothing hidden shows', async (t) => {
  const picture = coverJpeg(7)
  const server = await startPluginServer(
    {
      libraries: {
        Open: { 'Ann/Light/1.mp3': { title: 'One', artist: 'Ann', album: 'Light' } },
        Closed: {
          'Dee/Dark/1.mp3': song('Given', 'Dark'),
          'Dee/Dark/2.mp3': song('Kept', 'Dark'),
          'Dee/Dark/cover.jpg': picture,
        },
      },
      users: [{ name: 'kid', password: 'kid-pass', libraries: ['Open'] }],
    },
    t,
  )
  await server.load(...PLUGINS)
  const ids = (kind: string, letter: string, where: string) =>
    server.core.db
      .all<{ id: number }>(`SELECT id FROM ${kind} WHERE ${where}`)
      .map(({ id }) => letter + id.toString(36))
  const [given = '', kept = ''] = ids('song', 's', `title IN ('Given', 'Kept') ORDER BY title`)
  const [album = ''] = ids('album', 'a', `name = 'Dark'`)
  const [artist = ''] = ids('artist', 'r', `name = 'Dee'`)
  const folders = ids('folder', 'd', 'library_id = 2')
  assert.equal(folders.length, 3)
  const cover = async (id: string, name = 'kid', password = 'kid-pass') => {
    const login = `u=${name}&p=${password}&v=1.16.1&c=covers`
    const answer = await fetch(`${server.url}/rest/getCoverArt?id=${id}&${login}`)
    return Buffer.from(await answer.arrayBuffer())
  }

  const { token } = (await (
    await fetch(`${server.url}/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ username: ADMIN.name, password: ADMIN.password }),
    })
  ).json()) as { token: string }
  const kid = `u${server.core.accounts.find('kid')?.id.toString(36)}`
  const made = await fetch(`${server.url}/api/v1/shares`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ targets: [{ kind: 'song', id: given }], recipient: { kind: 'user', id: kid } }),
  })
  assert.equal(made.status, 200, await made.text())

  for (const id of [given, album, folders.at(-1) ?? ''])
    assert.deepEqual(await cover(id, ADMIN.name, ADMIN.password), picture, `${id} has the cover`)
  assert.deepEqual(await cover(given), picture, 'given with its picture')
  for (const id of [album, artist, ...folders, kept]) {
    const bytes = await cover(id)
    assert.ok(!bytes.includes(picture) && bytes.length > 0, id)
    // In another size it would be other bytes of the same picture: so what is sent must be what anything without has.
    const sized = await cover(`${id}&size=64`)
    const isRefused = sized.toString('latin1').includes('code="70"')
    assert.ok(
      isRefused || sized.equals(await cover(`${ids('album', 'a', `name = 'Light'`)[0]}&size=64`)),
      `${id} sized`,
    )
  }
})
