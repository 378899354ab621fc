import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apiFigures } from './api-figures.ts'
import { manySharesFigures } from './many-shares-figures.ts'
import { notificationFigures } from './notification-figures.ts'
import { pluginFigures } from './plugin-figures.ts'
import { scanFigures } from './scan-figures.ts'
import { scopeFigures } from './scope-figures.ts'
import { shareFigures } from './share-figures.ts'
import { streamFigures } from './stream-figures.ts'

// npm run bench [-- --songs 20000] [--only scan,api,streams,scope,share,shares,plugins,notifications]: one JSON line a figure.
const { values } = parseArgs({
  options: {
    songs: { type: 'string', default: '20000' },
    only: { type: 'string', default: 'scan,api,streams,scope,share,shares,plugins,notifications' },
  },
})
const wanted = values.only.split(',')
const folder = await mkdtemp(join(tmpdir(), 'tonearm-bench-'))
try {
  if (wanted.includes('scan')) await scanFigures(folder, Number(values.songs))
  if (wanted.includes('api')) await apiFigures(folder)
  if (wanted.includes('streams')) await streamFigures(folder)
  if (wanted.includes('share')) await shareFigures(folder)
  if (wanted.includes('shares')) await manySharesFigures(folder)
  if (wanted.includes('scope')) scopeFigures(folder)
  if (wanted.includes('plugins')) await pluginFigures(folder)
  if (wanted.includes('notifications')) await notificationFigures(folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
