import { HOOK_KINDS, type HookName } from '../hooks/hooks.ts'
import { DEADLINE_MS, type HookKind } from '../hooks/kinds.ts'
import { HOOK_PERMISSIONS } from '../plugin/host/registrations.ts'

/** What people read about a kind; the deadlines come from the code. */
const KINDS: Readonly<Record<HookKind, { readonly runs: string; readonly answer: string; readonly failure: string }>> =
  {
    observe: {
      runs: 'after the fact; the plugins side by side, the events of each handler in order, from a bounded queue',
      answer: 'none',
      failure: 'logged and counted; nobody else notices',
    },
    guard: {
      runs: 'in order, until the first denial',
      answer: '`{ allow: true }` or `{ allow: false, reason, status? }`',
      failure: '**denied**',
    },
    narrow: {
      runs: 'all, side by side',
      answer: 'an `AccessScope`; the answers are intersected',
      failure: '**nothing is visible**',
    },
    transform: {
      runs: 'in order; each sees what the one before made',
      answer: 'the payload, changed; `undefined` leaves it',
      failure: 'this handler is skipped',
    },
    provide: {
      runs: 'in order, until the first answer',
      answer: 'an answer, or `undefined` to pass',
      failure: 'the next one is asked',
    },
    collect: {
      runs: 'all, side by side',
      answer: 'a list; the lists are united',
      failure: 'adds nothing',
    },
  }

/** The two tables of plugins/README.md, made of the text of src/hooks/hooks.ts and of what the code holds. */
export function hookDocs(source: string): string {
  const kinds = Object.entries(KINDS).map(
    ([kind, { runs, answer, failure }]) =>
      `| ${kind} | ${runs} | ${answer} | ${failure} | ${DEADLINE_MS[kind as HookKind] / 1000} s |`,
  )
  const described = describedHooks(source)
  const hooks = (Object.keys(HOOK_KINDS) as HookName[]).map((name) => {
    const hook = described.get(name)
    if (!hook) throw new Error(`the hook ${name} is not in the text of its types`)
    const permission = (HOOK_PERMISSIONS as Partial<Record<HookName, string>>)[name]
    const list = HOOK_KINDS[name] === 'collect' ? 'a list of ' : ''
    const answer = hook.out === undefined ? '' : ` Answers ${list}\`${hook.out}\`.`
    const needs = permission ? `\`${permission}\`` : ''
    return `| \`${name}\` | ${HOOK_KINDS[name]} | \`${hook.payload}\` | ${needs} | ${hook.comment}${answer} |`
  })
  return [
    '| kind | runs | answer | when a handler throws or is late | deadline |',
    '|---|---|---|---|---|',
    ...kinds,
    '',
    '| hook | kind | payload | permission | |',
    '|---|---|---|---|---|',
    ...hooks,
    '',
    'Types that the table names:',
    '',
    '```ts',
    ...NAMED.map((name) => declarationOf(source, name)),
    '```',
  ].join('\n')
}

const NAMED = [
  'Purpose',
  'RequestInfo',
  'PlaybackEvent',
  'RawTags',
  'VirtualPlaylist',
  'LyricsAnswer',
  'ArtistInfoAnswer',
  'ArtworkAnswer',
]

interface DescribedHook {
  readonly comment: string
  readonly payload: string
  readonly out: string | undefined
}

function describedHooks(source: string): ReadonlyMap<string, DescribedHook> {
  const start = source.indexOf('export interface Hooks {')
  const body = source.slice(start, source.indexOf('\n}\n', start))
  const found = new Map<string, DescribedHook>()
  const entry = /(?:\/\*\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\s*)?'([a-z.]+)': [A-Z]\w+</g
  for (let match = entry.exec(body); match; match = entry.exec(body)) {
    const [types, end] = argumentsAt(body, entry.lastIndex)
    found.set(match[2] as string, {
      comment: (match[1] ?? '').replace(/\s*\n\s*\*\s*/g, ' ').trim(),
      payload: oneLine(types[0] ?? ''),
      out: types[1] === undefined ? undefined : oneLine(types[1]),
    })
    entry.lastIndex = end
  }
  return found
}

/** Type arguments from behind the `<`, and where they end. */
function argumentsAt(text: string, from: number): readonly [readonly string[], number] {
  const types: string[] = []
  let depth = 0
  let start = from
  for (let at = from; ; at++) {
    const letter = text[at]
    if (letter === undefined) throw new Error('the types of a hook do not end')
    if ('<{[('.includes(letter)) depth++
    else if (depth > 0 && '>}])'.includes(letter)) depth--
    else if (depth === 0 && (letter === ',' || letter === '>')) {
      types.push(text.slice(start, at))
      start = at + 1
      if (letter === '>') return [types, at]
    }
  }
}

/** As people write it by hand: without line breaks and `readonly`; a bar would end the table's cell. */
function oneLine(type: string): string {
  return type
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/\breadonly /g, '')
    .trim()
    .replace(/\{\s*\n\s*/g, '{ ')
    .replace(/\s*\n\s*\}/g, ' }')
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\|/g, '\\|')
}

function declarationOf(source: string, name: string): string {
  const start = source.search(new RegExp(`export (interface|type) ${name}\\b`))
  if (start < 0) throw new Error(`${name} is not in the text of the hooks' types`)
  const isInterface = source.startsWith('export interface', start)
  const end = isInterface ? source.indexOf('\n}\n', start) + 2 : source.indexOf('\n', start)
  return source
    .slice(start, end)
    .replace(/^export /, '')
    .replace(/\breadonly /g, '')
}

const BEGIN = '<!-- hooks: generated by `npm run plugin:docs` -->'
const END = '<!-- end of hooks -->'

/** The README with its generated part brought up to date. */
export function withHookDocs(readme: string, source: string): string {
  const from = readme.indexOf(BEGIN)
  const to = readme.indexOf(END)
  if (from < 0 || to < from) throw new Error(`plugins/README.md lacks '${BEGIN}' or '${END}'`)
  return `${readme.slice(0, from + BEGIN.length)}\n\n${hookDocs(source)}\n\n${readme.slice(to)}`
}
