import { realpath } from 'node:fs/promises'
import type { Message } from 'esbuild'
import { AppError } from '../../base/errors.ts'

export interface PluginBundle {
  /** One CommonJS file. */
  readonly code: string
  /** Source map, JSON; '' when none was asked for. */
  readonly map: string
  /** What stays outside: `tonearm/plugin` and built-ins, as they are written. */
  readonly externals: readonly string[]
  /** The files that went in, relative to the plugin's folder. */
  readonly inputs: readonly string[]
}

/**
 * Bundles a plugin's TypeScript into the one file that the server evaluates. Only `tonearm/plugin` and Node's built-ins
 * stay outside. esbuild runs as a child process and ends with the call. `entry` is relative to the plugin's `folder`, and
 * so are the places of problems, whatever folder the process works in. Rejects with BAD_REQUEST, all problems with their
 * places, or UNAVAILABLE where esbuild is not installed (packaged servers take bundled plugins only).
 */
export async function bundlePlugin(
  folder: string,
  entry: string,
  options: { readonly sourceMap: boolean; readonly compact?: boolean },
): Promise<PluginBundle> {
  const esbuild = await loadEsbuild()
  try {
    const result = await esbuild.build({
      // The real one: a folder of plugins holds links to those in the making, and esbuild names real paths.
      absWorkingDir: await realpath(folder),
      entryPoints: [`./${entry}`],
      bundle: true,
      write: false,
      outfile: 'plugin.js',
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      // `import('node:fs')` becomes a call of `require`, which asks for the permission.
      supported: { 'dynamic-import': false },
      external: ['tonearm/plugin', 'node:*'],
      metafile: true,
      sourcemap: options.sourceMap ? 'external' : false,
      legalComments: 'inline',
      minifyWhitespace: options.compact === true,
      minifySyntax: options.compact === true,
      logLevel: 'silent',
      logOverride: { 'unsupported-dynamic-import': 'warning', 'unsupported-require-call': 'warning' },
    })
    const problems = result.warnings.filter((warning) => REFUSED.has(warning.id))
    if (problems.length > 0) throw new AppError('BAD_REQUEST', listed(problems))
    const text = (ending: string) => result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? ''
    const { inputs, outputs } = result.metafile
    const imports = Object.values(outputs).flatMap((output) => output.imports)
    return {
      code: text('.js'),
      map: text('.map'),
      externals: [...new Set(imports.flatMap(({ external, path }) => (external ? [path] : [])))].sort(),
      inputs: Object.keys(inputs),
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const errors = (cause as { errors?: Message[] }).errors ?? []
    throw new AppError('BAD_REQUEST', errors.length > 0 ? listed(errors) : String(cause), { cause })
  } finally {
    await esbuild.stop()
  }
}

/** What can't work in an evaluated file. */
const REFUSED = new Set(['empty-import-meta', 'unsupported-dynamic-import', 'unsupported-require-call'])

/** In place of the bundler's words, which speak of formats. */
const EXPLAINED: readonly (readonly [RegExp, string])[] = [
  [
    /import\.meta/,
    'import.meta does not exist in a plugin: it is one file that the server evaluates. For files beside it there are ctx.assets and ctx.storage',
  ],
  [/top-level await/i, 'await stands outside of a function: move it into setup, which may be async'],
  [/dynamic import|"import" (call|expression)/i, 'import() of a computed name can not be bundled: name the file'],
  [/"require"/, 'require() of a computed name can not be bundled: import the file by its name'],
]

function listed(messages: readonly Message[]): string {
  return messages
    .map(({ text, location }) => {
      const words = EXPLAINED.find(([pattern]) => pattern.test(text))?.[1] ?? text
      return location ? `${location.file}:${location.line}:${location.column + 1} ${words}` : words
    })
    .join('\n')
}

async function loadEsbuild() {
  try {
    return await import('esbuild')
  } catch (cause) {
    throw new AppError(
      'UNAVAILABLE',
      'a plugin of TypeScript sources needs esbuild, which is not installed: build it with `tonearm plugin build` and install the result',
      { cause },
    )
  }
}
