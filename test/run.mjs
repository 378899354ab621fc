// Runs the tests: all of them, or those whose path contains one of the arguments. `node --test` finds .ts files by
// itself only in later versions of Node.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const wanted = process.argv.slice(2)
const files = ['test', 'plugins']
  .flatMap((folder) => {
    try {
      return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
    } catch {
      return []
    }
  })
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()

if (files.length === 0) {
  process.stderr.write(`no test file matches ${wanted.join(', ')}\n`)
  process.exit(1)
}
const child = spawn(
  process.execPath,
  [
    '--conditions=tonearm-source',
    '--import',
    'tsx',
    '--test',
    '--test-concurrency=2',
    // A test that failed may leave a server running: that must not keep its file, and all the rest, from ending.
    '--test-force-exit',
    `--test-timeout=${process.env.TEST_LONG === '1' ? 21_600_000 : 900_000}`,
    '--test-reporter=spec',
    ...files,
  ],
  {
    stdio: 'inherit',
  },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
