import { basename } from 'node:path'
import type { TSchema } from 'typebox'
import { libraryFaults } from './library-faults.ts'
import { type Details, parseJson, type ReadContext, resolvePath, type Setting, setting } from './setting.ts'

/** A music folder as configured. Absent switches: the scanner section's default. */
export interface ConfiguredLibrary {
  readonly name: string
  readonly path: string
  readonly recursive?: boolean
  readonly followSymlinks?: boolean
  readonly excludePatterns?: readonly string[]
}

const FIELDS = {
  path: { type: 'string', minLength: 1 },
  recursive: { type: 'boolean' },
  followSymlinks: { type: 'boolean' },
  excludePatterns: { type: 'array', items: { type: 'string', minLength: 1 } },
} as const

const NAME = { type: 'string', minLength: 1, maxLength: 100 } as const

/** A list of libraries, or a map of name to path or to the rest of a library. */
const SCHEMA = {
  anyOf: [
    {
      type: 'array',
      items: { type: 'object', required: ['path'], additionalProperties: false, properties: { name: NAME, ...FIELDS } },
    },
    {
      type: 'object',
      additionalProperties: {
        anyOf: [FIELDS.path, { type: 'object', required: ['path'], additionalProperties: false, properties: FIELDS }],
      },
    },
  ],
} as unknown as TSchema

type Entry = Omit<ConfiguredLibrary, 'name'> & { readonly name?: string }
type Written = readonly Entry[] | Readonly<Record<string, string | Entry>>

export function libraryList(details: Details): Setting<readonly ConfiguredLibrary[]> {
  return setting(
    {
      schema: SCHEMA,
      initial: [],
      expected:
        'a list of {name, path, recursive, followSymlinks, excludePatterns} with a path each, or a map of name to path; names and paths once each',
      fromText: parseJson,
      convert: convertLibraries,
      faults: libraryFaults,
    },
    details,
  )
}

function convertLibraries(written: Written, context: ReadContext): readonly ConfiguredLibrary[] | undefined {
  const entries: readonly Entry[] = isList(written)
    ? written
    : Object.entries(written).map(([name, entry]) =>
        typeof entry === 'string' ? { name, path: entry } : { ...entry, name },
      )
  const libraries = entries.map((entry) => {
    const path = resolvePath(entry.path, context)
    return { ...entry, path, name: entry.name ?? nameOf(path) }
  })
  return isUnique(libraries.map(({ name }) => name.toLowerCase())) && isUnique(libraries.map(({ path }) => path))
    ? libraries
    : undefined
}

function isList(written: Written): written is readonly Entry[] {
  return Array.isArray(written)
}

function isUnique(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length
}

function nameOf(path: string): string {
  return basename(path) || 'Music'
}

/**
 * The libraries of `libraries` and of the shorthand `music` as one list: a path once, every name once (a second
 * `Music` becomes `Music 2`).
 */
export function joinLibraries(
  libraries: readonly ConfiguredLibrary[],
  music: readonly string[],
): readonly ConfiguredLibrary[] {
  const joined = [...libraries]
  for (const path of music) {
    if (joined.some((library) => library.path === path)) continue
    const taken = new Set(joined.map(({ name }) => name.toLowerCase()))
    const name = nameOf(path)
    let candidate = name
    for (let number = 2; taken.has(candidate.toLowerCase()); number++) candidate = `${name} ${number}`
    joined.push({ name: candidate, path })
  }
  return joined
}
