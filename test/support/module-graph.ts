import { dirname, join, normalize } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** What each file imports, as it is written there: types, re-exports and `import()` too. */
export type Imports = ReadonlyMap<string, readonly string[]>

/**
 * Reads imports with a parser, so that text which only looks like one is none.
 * @param sources TypeScript by path
 */
export async function readImports(sources: ReadonlyMap<string, string>): Promise<Imports> {
  const given: Plugin = {
    name: 'given texts',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind }) =>
        kind === 'entry-point' ? { path: normalize(path), namespace: 'given' } : { path, external: true },
      )
      onLoad({ filter: /.*/, namespace: 'given' }, ({ path }) => ({
        contents: withTypes(sources.get(path) as string),
        loader: 'ts',
      }))
    },
  }
  const { metafile } = await build({
    entryPoints: [...sources.keys()],
    plugins: [given],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    outdir: '/',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  return new Map(
    [...sources.keys()].map((file) => [file, metafile.inputs[`given:${file}`]?.imports.map(({ path }) => path) ?? []]),
  )
}

/** The parser forgets imports of types; here they become imports like any other. */
function withTypes(text: string): string {
  const inTypes = [...text.matchAll(/\bimport\('(\.[^']*)'\)/g)].map(([, path]) => `\nimport '${path}'`)
  return text.replace(/^(import|export) type (?=[\w*{][^=;]*?from ')/gm, '$1 ') + inTypes.join('')
}

/** Where each relative import leads. */
export function targetsOf(imports: Imports): Imports {
  return new Map(
    [...imports].map(([file, names]) => [
      file,
      names.filter((name) => name.startsWith('.')).map((name) => join(dirname(file), name)),
    ]),
  )
}

/** For each group of files that import one another a way around, from a file back to itself. */
export function circles(imports: Imports): readonly (readonly string[])[] {
  const targets = targetsOf(imports)
  return knots(targets).map((members) => wayAround(targets, members))
}

/** Tarjan's strongly connected components, without files that stand alone. */
function knots(targets: Imports): readonly ReadonlySet<string>[] {
  const found: ReadonlySet<string>[] = []
  const index = new Map<string, number>()
  const open: string[] = []
  const visit = (file: string): number => {
    const own = index.size
    index.set(file, own)
    open.push(file)
    let lowest = own
    for (const target of targets.get(file) ?? []) {
      if (!index.has(target)) lowest = Math.min(lowest, visit(target))
      else if (open.includes(target)) lowest = Math.min(lowest, index.get(target) as number)
    }
    if (lowest === own) {
      const members = open.splice(open.indexOf(file))
      if (members.length > 1 || targets.get(file)?.includes(file)) found.push(new Set(members))
    }
    return lowest
  }
  for (const file of targets.keys()) if (!index.has(file)) visit(file)
  return found
}

/** The shortest way from the first of the members back to it. */
function wayAround(targets: Imports, members: ReadonlySet<string>): readonly string[] {
  const first = [...members].sort()[0] as string
  const ways: (readonly string[])[] = [[first]]
  const seen = new Set<string>()
  for (let way = ways.shift(); way; way = ways.shift()) {
    for (const target of targets.get(way.at(-1) as string) ?? []) {
      if (target === first) return [...way, first]
      if (members.has(target) && !seen.has(target)) ways.push([...way, target])
      seen.add(target)
    }
  }
  return [...members]
}
