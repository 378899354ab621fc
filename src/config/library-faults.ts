import { type Fault, type ReadContext, resolvePath, show } from './setting.ts'
import { suggest } from './suggest.ts'

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isSwitch = (value: unknown) => typeof value === 'boolean'
const SWITCH = { holds: isSwitch, expected: 'true or false' }

const FIELDS: ReadonlyMap<string, { readonly holds: (value: unknown) => boolean; readonly expected: string }> = new Map(
  [
    [
      'name',
      { holds: (value) => isText(value) && String(value).length <= 100, expected: 'a text of 1 to 100 characters' },
    ],
    ['path', { holds: isText, expected: 'a music folder' }],
    ['recursive', SWITCH],
    ['followSymlinks', SWITCH],
    [
      'excludePatterns',
      {
        holds: (value) => Array.isArray(value) && value.every(isText),
        expected: 'a list of patterns such as "*.tmp", "Podcasts/"',
      },
    ],
  ],
)

/** What is wrong with which entry of `libraries`; empty when it is neither a list nor a map. */
export function libraryFaults(written: unknown, context: ReadContext): readonly Fault[] {
  if (typeof written !== 'object' || written === null) return []
  const isList = Array.isArray(written)
  const entries = Object.entries(written).map(([key, entry]: [string, unknown]) => ({
    part: isList ? `entry ${Number(key) + 1}` : key,
    fields: !isList && typeof entry === 'string' ? { path: entry } : entry,
  }))
  const seen = new Map<string, string>()
  return entries.flatMap(({ part, fields }) => {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      return [{ part, what: `is ${show(fields)}; expected {path: /srv/music} and what else it needs` }]
    const faults = fieldFaults(new Map(Object.entries(fields)), isList)
    return [...faults, ...twins(part, fields, seen, context)].map((what) => ({ part, what }))
  })
}

function fieldFaults(fields: ReadonlyMap<string, unknown>, isList: boolean): readonly string[] {
  const known = [...FIELDS.keys()].filter((name) => isList || name !== 'name')
  const wrong = [...fields].flatMap(([name, value]) => {
    const field = known.includes(name) ? FIELDS.get(name) : undefined
    if (field) return field.holds(value) ? [] : [`has ${name}: ${show(value)}; expected ${field.expected}`]
    const near = suggest(name, known)
    return [
      `has ${name}, which no library knows; ${near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`}`,
    ]
  })
  return fields.has('path') ? wrong : [...wrong, 'has no path; expected the music folder']
}

/** Names and paths once each. */
function twins(
  part: string,
  fields: { readonly name?: unknown; readonly path?: unknown },
  seen: Map<string, string>,
  context: ReadContext,
): readonly string[] {
  const own = [
    ...(isText(fields.path) ? [['path', resolvePath(String(fields.path), context)] as const] : []),
    ...(isText(fields.name) ? [['name', String(fields.name).toLowerCase()] as const] : []),
  ]
  return own.flatMap(([kind, value]) => {
    const other = seen.get(`${kind} ${value}`)
    seen.set(`${kind} ${value}`, part)
    return other === undefined ? [] : [`has the ${kind} of ${other}; expected every ${kind} once`]
  })
}
