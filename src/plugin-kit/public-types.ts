import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What `exports` of package.json names as types, below `dist/types`. */
const ENTRIES = ['plugin/api/define.d.ts', 'plugin-kit/testing/create-test-host.d.ts']

/**
 * The declarations of the public surface, made by the compiler from the sources: path below `dist/types` and text.
 * Only what the two entries reach is in it. Takes some seconds and needs the development packages.
 */
export async function publicTypes(root: string): Promise<ReadonlyMap<string, string>> {
  const out = await mkdtemp(join(tmpdir(), 'tonearm-types-'))
  try {
    const project = join(out, 'tsconfig.json')
    await writeFile(project, JSON.stringify(projectOf(root, out)))
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { cwd: root })
    const files = new Map<string, string>()
    const wanted = [...ENTRIES]
    for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
      if (files.has(path)) continue
      const text = await readFile(join(out, path), 'utf8')
      files.set(path, `${HEAD}\n${withJsEndings(text)}`)
      for (const [, target] of text.matchAll(RELATIVE)) {
        wanted.push(posix.join(dirname(path), (target as string).replace(/\.ts$/, '.d.ts')))
      }
    }
    return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

function projectOf(root: string, out: string) {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: join(root, 'src'),
      outDir: out,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: ENTRIES.map((path) => join(root, 'src', path.replace(/\.d\.ts$/, '.ts'))),
  }
}

const HEAD = '// Made from the sources by the build.'
const RELATIVE = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g

/** The ending that every version of the compiler knows in declarations. */
function withJsEndings(text: string): string {
  return text.replace(RELATIVE, (found) => found.replace(/\.ts(["'])$/, '.js$1'))
}
