import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PRODUCTION_FLAGS, startServer, subsonicUrl } from '../support/server-process.ts'
import { figure, MIB } from './figures.ts'
import { load } from './load.ts'
import { memoryOf } from './process-memory.ts'

/** What a plugin costs, what a call into one costs, and what the server is with and without those that come along. */
export async function pluginFigures(folder: string): Promise<void> {
  const script = join(import.meta.dirname, '..', 'fixtures', 'plugin-cost.ts')
  const flags = [...PRODUCTION_FLAGS, '--expose-gc', '--conditions=tonearm-source', '--import', 'tsx']
  const lines = execFileSync(process.execPath, [...flags, script], { encoding: 'utf8', timeout: 300_000 })
  for (const line of lines.trim().split('\n')) {
    const { name, value, unit } = JSON.parse(line) as { name: string; value: number; unit: string }
    figure(name, value, unit)
  }
  const music = join(folder, 'no-music')
  mkdirSync(music, { recursive: true })
  for (const enabled of [false, true]) {
    const env = { TONEARM_PLUGINS_ENABLED: String(enabled), TONEARM_SCANNER_WATCH: 'off' }
    const server = await startServer({ data: join(folder, `plugins-${enabled}`), music: [music], env })
    const name = `plugin.server.${enabled ? 'with' : 'without'}`
    try {
      await new Promise((resolve) => setTimeout(resolve, 3000))
      const { rssBytes, privateDirtyBytes } = memoryOf(server.pid)
      figure(`${name}.rss`, rssBytes / MIB, 'MiB')
      figure(`${name}.private_dirty`, privateDirtyBytes / MIB, 'MiB')
      figure(`${name}.start`, server.startMs, 'ms')
      const url = subsonicUrl(server, 'getArtists')
      await load(url, { connections: 8, seconds: 1 })
      figure(`${name}.getArtists`, (await load(url, { connections: 8, seconds: 4 })).requestsPerSecond, 'requests/s')
    } finally {
      await server.stop()
    }
  }
}
