import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Finding, fail, ok, warn } from './finding.ts'

const LIMIT_MS = 120_000
const MAX_LINES = 20

/** What the compiler says of a plugin that has no types of the API. All else that it then says follows from that. */
const WITHOUT_API = /error TS(2307|7016): [^\n]*'tonearm\/plugin/
const API_TYPES = 'dist/types/plugin/api/define.d.ts'

/** Compiles the plugin's project, where it has one and a compiler. */
export async function checkTypes(folder: string): Promise<readonly Finding[]> {
  const project = join(folder, 'tsconfig.json')
  if (!existsSync(project)) return []
  const typescript = packageIn(folder, 'typescript')
  if (!typescript)
    return [warn('Types', 'there is no TypeScript to check them with', 'npm install --save-dev typescript')]
  const { code, output } = await run(join(typescript, 'bin', 'tsc'), ['-p', project], folder)
  if (code === 0) return [ok('Types', 'no errors')]
  const missing = WITHOUT_API.test(output) && missingApi(folder)
  if (missing) return [missing]
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const more = lines.length - MAX_LINES
  return [fail('Types', [...lines.slice(0, MAX_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))]
}

/** A server that was installed without development packages could not build the types that plugins are checked with. */
function missingApi(folder: string): Finding | undefined {
  const tonearm = packageIn(folder, 'tonearm')
  if (!tonearm) return warn('Types', 'the package tonearm is not there to check them with', 'npm install')
  if (existsSync(join(tonearm, API_TYPES))) return undefined
  return warn(
    'Types',
    `the tonearm in ${tonearm} has no types for plugins: it was built without TypeScript`,
    'in that folder: npm ci --include=dev && npm run build -- --force',
  )
}

/** Where a package lies that the plugin finds. */
function packageIn(folder: string, name: string): string | undefined {
  try {
    const require = createRequire(pathToFileURL(join(folder, 'package.json')))
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function run(program: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: stdout + stderr })
    })
  })
}
