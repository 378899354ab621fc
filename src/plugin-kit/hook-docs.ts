import { HOOK_KINDS, type HookName } from '../hooks/hooks.ts'
import { DEADLINE_MS, type HookKind } from '../hooks/kinds.ts'
import { HOOK_PERMISSIONS } from '../plugin/host/registrations.ts'
import { cell, type Declarations, split } from './declarations.ts'

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

/** What hooks there are, made of the types and of what the code holds. */
export function hookDocs(types: Declarations): string {
  const kinds = Object.entries(KINDS).map(
    ([kind, { runs, answer, failure }]) =>
      `| ${kind} | ${runs} | ${answer} | ${failure} | ${DEADLINE_MS[kind as HookKind] / 1000} s |`,
  )
  const described = new Map(types.members('Hooks').map((member) => [member.name, member]))
  const hooks = (Object.keys(HOOK_KINDS) as HookName[]).map((name) => {
    const { text, comment } = described.get(name) ?? {}
    if (text === undefined) throw new Error(`the hook ${name} is not in the text of its types`)
    const [payload = '', out] = split(text.slice(text.indexOf('<') + 1, -1), /,/).map((type) => cell(type.trim()))
    const permission = (HOOK_PERMISSIONS as Partial<Record<HookName, string>>)[name]
    const list = HOOK_KINDS[name] === 'collect' ? 'a list of ' : ''
    const answer = out === undefined ? '' : ` Answers ${list}\`${out}\`.`
    const needs = permission ? `\`${permission}\`` : ''
    return `| \`${name}\` | ${HOOK_KINDS[name]} | \`${payload}\` | ${needs} | ${cell(comment ?? '')}${answer} |`
  })
  return [
    '| kind | runs | answer | when a handler throws or is late | deadline |',
    '|---|---|---|---|---|',
    ...kinds,
    '',
    '| hook | kind | payload | permission | |',
    '|---|---|---|---|---|',
    ...hooks,
  ].join('\n')
}
