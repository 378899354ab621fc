import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Finding, fail, ok, warn } from './finding.ts'

const LIMIT_MS = 120_000
const MAX_LINES = 20

/** Compiles the plugin's project, where it has one and a compiler. */
export async function checkTypes(folder: string): Promise<readonly Finding[]> {
  const project = join(folder, 'tsconfig.json')
  const exists = await access(project).then(
    () => true,
    () => false,
  )
  if (!exists) return []
  const compiler = compilerOf(folder)
  if (!compiler)
    return [warn('Types', 'there is no TypeScript to check them with', 'npm install --save-dev typescript')]
  const { code, output } = await run(compiler, ['-p', project], folder)
  if (code === 0) return [ok('Types', 'no errors')]
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const more = lines.length - MAX_LINES
  return [fail('Types', [...lines.slice(0, MAX_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))]
}

function compilerOf(folder: string): string | undefined {
  try {
    const require = createRequire(pathToFileURL(join(folder, 'package.json')))
    return join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
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
