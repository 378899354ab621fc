import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apiFigures } from './api-figures.ts'
import { decisionFigures } from './decision-figures.ts'
import { progress, within } from './figures.ts'
import { manySharesFigures } from './many-shares-figures.ts'
import { notificationFigures } from './notification-figures.ts'
import { pauseFigures } from './pause-figures.ts'
import { pluginFigures } from './plugin-figures.ts'
import { reportFigures } from './report-figures.ts'
import { scanFigures } from './scan-figures.ts'
import { scopeFigures } from './scope-figures.ts'
import { shareFigures } from './share-figures.ts'
import { streamFigures } from './stream-figures.ts'

// npm run bench [-- --songs 20000] [--only scan,api,streams,decisions,scope,share,shares,plugins,notifications,pauses,reports]: one JSON line a figure.
const { values } = parseArgs({
  options: {
    songs: { type: 'string', default: '20000' },
    only: {
      type: 'string',
      default: 'scan,api,streams,decisions,scope,share,shares,plugins,notifications,pauses,reports',
    },
  },
})
const GROUPS: Readonly<Record<string, (folder: string) => Promise<void> | void>> = {
  scan: (folder) => scanFigures(folder, Number(values.songs)),
  api: (folder) => apiFigures(folder, Number(values.songs)),
  streams: streamFigures,
  decisions: decisionFigures,
  share: shareFigures,
  shares: manySharesFigures,
  scope: scopeFigures,
  plugins: pluginFigures,
  notifications: notificationFigures,
  pauses: (folder) => pauseFigures(folder, 5 * Number(values.songs)),
  reports: reportFigures,
}
/** On a slow and busy machine; a scan of more songs takes in proportion. */
const MOST_MINUTES = 30 * Math.max(1, Number(values.songs) / 20_000)

const wanted = values.only.split(',')
const unknown = wanted.filter((name) => !Object.hasOwn(GROUPS, name))
if (unknown.length > 0) throw new Error(`--only knows ${Object.keys(GROUPS).join(', ')}; not ${unknown.join(', ')}`)
const folder = await mkdtemp(join(tmpdir(), 'tonearm-bench-'))
let failed = false
try {
  for (const [name, measure] of Object.entries(GROUPS)) {
    if (!wanted.includes(name)) continue
    progress(name)
    await within(MOST_MINUTES, name, async () => measure(folder))
  }
} catch (error) {
  failed = true
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
// What hangs must not keep the program: servers that were started end with their parent's pipes.
if (failed) process.exit(1)
