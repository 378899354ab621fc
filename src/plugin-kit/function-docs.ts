import { cell, oneLine, prose } from './declarations.ts'

/** A function that `tonearm/plugin` exports. */
export interface PublicFunction {
  readonly name: string
  /** `rowIdOf(kind: RowKind, publicId: string): number | undefined` */
  readonly text: string
  readonly comment: string
}

const DECLARED = /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export function ((\w+)[\s\S]*?) \{$/gm

/** Those that the entry declares or passes on; `sources` holds their texts. Throws for one that is in none. */
export function publicFunctions(entry: string, sources: readonly string[]): readonly PublicFunction[] {
  const own = [...entry.matchAll(/^export function (\w+)/gm)].map(([, name]) => name as string)
  const passed = [...entry.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(','))
  const wanted = [...own, ...passed.map((name) => name.trim()).filter((name) => /^[a-z]\w+$/.test(name))]
  const declared = new Map(
    [...new Set([entry, ...sources])].flatMap((source) =>
      [...source.matchAll(DECLARED)].map(([, comment = '', header = '', name = '']) => [
        name,
        { name, text: oneLine(header), comment: prose(comment) },
      ]),
    ),
  )
  return wanted.sort().map((name) => {
    const found = declared.get(name)
    if (!found) throw new Error(`the function ${name} is not in the sources`)
    return found
  })
}

export function functionDocs(functions: readonly PublicFunction[]): string {
  return [
    '| function | |',
    '|---|---|',
    ...functions.map(({ text, comment }) => `| \`${cell(text)}\` | ${cell(comment)} |`),
  ].join('\n')
}
