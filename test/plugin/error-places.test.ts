import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildPlugin } from '../../src/plugin-kit/build-plugin.ts'
import { ADMIN_LOGIN, startPluginRoom } from '../support/plugin-room.ts'
import { tempFolder } from '../support/temp-database.ts'

const HELPER = `export function fall(word: string): never {
  // The line below is the fifth.
  interface Nothing { readonly a: string }

  throw new Error(word as Nothing['a'])
}
`
const PLUGIN = `import { definePlugin } from 'tonearm/plugin'
import { fall } from './helper.ts'

export default definePlugin({
  name: 'faller',
  apiVersion: '1.0',
  permissions: ['routes'],
  setup({ routes }) {
    routes.get('/fall', () => fall('over'))
  },
})
`

function write(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const pkg = { name: 'tonearm-plugin-faller', version: '1.0.0', type: 'module' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(pkg))
  writeFileSync(join(folder, 'helper.ts'), HELPER)
  writeFileSync(join(folder, 'plugin.ts'), PLUGIN)
}

for (const built of [false, true]) {
  test(`a handler that throws is told with its line in the sources, ${built ? 'built' : 'from sources'}`, async (t) => {
    const made = join(tempFolder(t), 'faller')
    write(made)
    if (built) {
      await buildPlugin(made)
      for (const source of ['helper.ts', 'plugin.ts']) rmSync(join(made, source))
    }
    const server = await startPluginRoom(t, {
      libraries: { Music: { 'A/B/1.mp3': { title: 'One', artist: 'A', album: 'B' } } },
      before: (folder) => cpSync(made, join(folder, 'faller'), { recursive: true }),
    })
    const info = server.host.find('faller')
    assert.equal(info?.state, 'active', info?.lastError)
    assert.ok((await server.get('/plugins/faller/fall', { headers: ADMIN_LOGIN })).status >= 500)
    assert.match(server.host.find('faller')?.lastError ?? '', /over \(helper\.ts:5:9\)$/)
  })
}
