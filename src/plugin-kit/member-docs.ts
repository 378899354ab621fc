import { cell, type Declarations, type Member, membersOf, split } from './declarations.ts'

/** Something that a plugin is given, with all that can be done with it. */
export interface Part {
  /** `ctx.admin.libraries` */
  readonly name: string
  /** Any one of these; empty: none is needed. */
  readonly permissions: readonly string[]
  readonly type: string | undefined
  /** What is to be said of the whole. */
  readonly about: string
  readonly members: readonly Member[]
}

/** All of `ctx`. */
export function contextParts(types: Declarations): readonly Part[] {
  return [part(types, 'ctx', [], 'BaseContext'), ...grantedParts(types)].flatMap((one) => withInner(types, one))
}

function part(types: Declarations, name: string, permissions: readonly string[], type: string): Part {
  return { name, permissions, type, about: types.about(type), members: types.members(type) }
}

export function memberDocs(parts: readonly Part[]): string {
  return parts
    .flatMap(({ name, permissions, about, members }) => [
      `#### \`${name}\`${permissions.length === 0 ? '' : `, with ${permissions.map(quoted).join(' or ')}`}`,
      '',
      ...(about === '' ? [] : [about, '']),
      '| member | |',
      '|---|---|',
      ...members.map(({ text, comment }) => `| \`${cell(text)}\` | ${cell(comment)} |`),
      '',
    ])
    .join('\n')
}

const quoted = (permission: string) => `\`${permission}\``

const GRANTED = /Granted<G, ((?:'[^']+'|`[^`]+`|[ |])+), (\{[\s\S]*?\}|\w+)>/g

/** From `Granted<G, 'library:read', { readonly library: LibraryReader }>`. */
function grantedParts(types: Declarations): readonly Part[] {
  return [...types.text('PluginContext').matchAll(GRANTED)].flatMap(([, needs = '', given = '']): readonly Part[] => {
    const names = [...needs.matchAll(/['`]([^'`]+)['`]/g)].map(([, name]) => name as string)
    const permissions = names.map((name) => name.replace(/\$\{string\}/, '<host>'))
    if (!given.startsWith('{')) return [part(types, 'ctx', permissions, given)]
    return membersOf(given.slice(1, -1)).map((member) => {
      const type = typeOf(member)
      const name = `ctx.${member.name}`
      if (!type.startsWith('{')) return part(types, name, permissions, type)
      const comment = member.comment.replace(/^`\w+`: /, '')
      const members = membersOf(type.slice(1, -1)).map((inner) => ({ ...inner, comment }))
      return { name, permissions, type: undefined, about: '', members }
    })
  })
}

/** A part, and those of its members that have nothing but calls. */
function withInner(types: Declarations, outer: Part): readonly Part[] {
  const inner = outer.members.flatMap((member): readonly Part[] => {
    const type = /^(\w+)(<\w+>)?$/.exec(typeOf(member))?.[1] ?? ''
    if (!/^\w+:/.test(member.text) || !types.namesIn(type).includes(type)) return []
    const found = part(types, `${outer.name}.${member.name}`, outer.permissions, type)
    if (found.members.length === 0 || !found.members.every(({ text }) => /^\w+[(<]/.test(text))) return []
    return withInner(types, found)
  })
  return [outer, ...inner]
}

function typeOf({ text }: Member): string {
  return split(text, /:/).slice(1).join(':').trim()
}
