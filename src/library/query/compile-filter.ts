import { decodeIdOf, type UserId } from '../../base/ids.ts'
import { all, type Condition } from '../condition.ts'
import { jsonIds } from '../json-column.ts'
import type { LibraryContext } from '../library-context.ts'
import { matchQuery } from '../match-query.ts'
import type { ScopeSql } from '../scope-sql.ts'
import { rolesOf } from './credit-filters.ts'
import { Marks } from './marks.ts'
import type { Filter, FilterIdKind, Resource } from './resource.ts'

const NOTHING: Condition = { sql: '0', params: [] }
/** Longer beginnings are no text of a tag, and SQLite refuses patterns of some size. */
const MAX_TEXT = 1000
/** Texts searched for by one filter: each is compared with every row. */
const MAX_SEARCHES = 20
const MUSICBRAINZ = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface FilterContext {
  readonly context: LibraryContext
  readonly scope: ScopeSql
  readonly userId: UserId
  readonly resource: Resource
}

export interface CompiledFilters {
  readonly condition: Condition
  /** It asks for what the reader did with the items. */
  readonly personal: boolean
  /** Equal filters have equal keys. */
  readonly key: string
}

/** Known filters as one condition on `i`; the rest is ignored. Values are parameters, whatever they hold. */
export function compileFilters(at: FilterContext, filters: ReadonlyMap<string, readonly string[]>): CompiledFilters {
  const used = [...filters].flatMap(([name, values]) => {
    const filter = Object.hasOwn(at.resource.filters, name) ? at.resource.filters[name] : undefined
    return filter && values.length > 0 ? [{ name, filter, values }] : []
  })
  return {
    condition: all(...used.flatMap(({ filter, values }) => compileFilter(at, filter, values) ?? [])),
    personal: used.some(({ filter }) => filter.by === 'mark'),
    key: JSON.stringify(used.map(({ name, values }) => [name, values])),
  }
}

/** Undefined: the values make no sense for the filter, which then is none. */
function compileFilter(at: FilterContext, filter: Filter, values: readonly string[]): Condition | undefined {
  switch (filter.by) {
    case 'id':
      return oneOf(filter.sql, idsOf(filter.of, values))
    case 'number':
      return oneOf(
        filter.sql,
        values
          .filter((value) => value.trim() !== '')
          .map(Number)
          .filter(Number.isFinite),
      )
    case 'text':
      return { sql: `${filter.sql} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(values)] }
    case 'boolean': {
      const wanted = values.map(truth).filter((value) => value !== undefined)
      return wanted.length === 0 ? undefined : oneOf(filter.sql, wanted.map(Number))
    }
    case 'begins': {
      const patterns = values
        .slice(0, MAX_SEARCHES)
        .filter((value) => value.length <= MAX_TEXT)
        .map(beginning)
      return {
        sql: `EXISTS (SELECT 1 FROM json_each(?) v WHERE ${filter.sql} LIKE v.value ESCAPE '\\')`,
        params: [JSON.stringify(patterns)],
      }
    }
    case 'years': {
      const years = values.map(Number).filter(Number.isInteger)
      return {
        sql: `EXISTS (SELECT 1 FROM json_each(?) v WHERE v.value BETWEEN
          CASE ${filter.from} WHEN 0 THEN ${filter.to} ELSE ${filter.from} END AND ${filter.to})`,
        params: [JSON.stringify(years)],
      }
    }
    case 'words':
      return wordsOf(at.resource, filter, values)
    case 'among': {
      const { sql, params } = filter.ids(at.scope)
      return { sql: `i.id IN (${sql})`, params: [jsonIds(idsOf(filter.of, values)), ...params] }
    }
    case 'role': {
      const roles = values.flatMap((value) => rolesOf(value) ?? [])
      if (roles.length === 0) return NOTHING
      const { sql, params } = filter.has(roles)(at.scope)
      return { sql: `i.id IN (${sql})`, params }
    }
    case 'mark': {
      const wanted = [...new Set(values.map(truth).filter((value) => value !== undefined))]
      if (wanted.length !== 1) return undefined
      const marked = new Marks(at.context, at.userId, at.resource.kind).ids(filter.mark)
      return {
        sql: `i.id ${wanted[0] ? 'IN' : 'NOT IN'} (SELECT value FROM json_each(?))`,
        params: [jsonIds(marked)],
      }
    }
    case 'present': {
      const wanted = values.map(truth)
      return wanted.includes(true) && !wanted.includes(false) ? NOTHING : undefined
    }
  }
}

function wordsOf(
  { table }: Resource,
  { index, name, musicBrainz }: Extract<Filter, { by: 'words' }>,
  values: readonly string[],
): Condition {
  const few = values.slice(0, MAX_SEARCHES)
  const ids = few.filter((value) => MUSICBRAINZ.test(value)).map((value) => value.toLowerCase())
  const words = few
    .filter((value) => !MUSICBRAINZ.test(value))
    .flatMap((value) => matchQuery(value, name)?.loose ?? [])
    .map((query) => `(${query})`)
  const found: Condition[] = []
  if (words.length > 0)
    found.push({
      sql: `i.id IN (SELECT rowid FROM ${index} WHERE ${index} MATCH ?)`,
      params: [words.join(' OR ')],
    })
  if (ids.length > 0) {
    const list = JSON.stringify(ids)
    const either = musicBrainz.map((column) => `m.${column} IN (SELECT value FROM json_each(?))`)
    found.push({
      sql: `i.id IN (SELECT m.id FROM ${table} m WHERE ${either.join(' OR ')})`,
      params: musicBrainz.map(() => list),
    })
  }
  if (found.length === 0) return NOTHING
  return { sql: `(${found.map(({ sql }) => sql).join(' OR ')})`, params: found.flatMap(({ params }) => params) }
}

/** What is no id of the kind names nothing. */
function idsOf(kind: FilterIdKind, values: readonly string[]): readonly number[] {
  return values.flatMap((value) => decodeIdOf(kind, value) ?? [])
}

function oneOf(sql: string, values: readonly number[]): Condition {
  if (values.length === 0) return NOTHING
  if (values.length === 1) return { sql: `${sql} = ?`, params: [values[0] as number] }
  return { sql: `${sql} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(values)] }
}

function truth(value: string): boolean | undefined {
  if (/^(true|1)$/i.test(value)) return true
  return /^(false|0)$/i.test(value) ? false : undefined
}

function beginning(text: string): string {
  return `${text.replace(/[\\%_]/g, '\\$&')}%`
}
