/** How a list is wanted: the conventions that every list of the native API follows. */
export interface ListQuery {
  /** Rows to leave out at the start. */
  readonly offset: number
  /** Infinity without `_end`. */
  readonly limit: number
  /** The field, camelCase; '' = the list's own order. */
  readonly sort: string
  readonly descending: boolean
  /** Wanted values by field, camelCase; one of them must match. Of `_filters` and of parameters without underscore. */
  readonly filters: ReadonlyMap<string, readonly string[]>
}

const MAX_VALUES = 1000

/**
 * Reads `_start`, `_end` (exclusive), `_sort`, `_order`, `_filters` (a JSON object) and plain filters (`id=a&id=b`). Never
 * fails: what makes no sense is left out, an empty value is no filter.
 */
export function readListQuery(query: URLSearchParams): ListQuery {
  const start = wholeOf(query.get('_start'))
  const end = wholeOf(query.get('_end'))
  const filters = new Map<string, string[]>()
  const add = (name: string, value: unknown) => {
    if (value === null || value === undefined || typeof value === 'object' || value === '') return
    const values = filters.get(camelCase(name)) ?? []
    if (values.length < MAX_VALUES) values.push(String(value))
    filters.set(camelCase(name), values)
  }
  for (const [name, value] of Object.entries(filtersOf(query.get('_filters'))))
    for (const one of Array.isArray(value) ? value : [value]) add(name, one)
  for (const [name, value] of query) if (!name.startsWith('_')) add(name, value)
  return {
    offset: start,
    limit: end === 0 ? Number.POSITIVE_INFINITY : Math.max(0, end - start),
    sort: camelCase(query.get('_sort') ?? ''),
    descending: (query.get('_order') ?? '').toUpperCase() === 'DESC',
    filters,
  }
}

/**
 * A page of rows that are all at hand (libraries, users: few). Filters match a row's own fields: those whose names end in
 * `id` and those that are no text exactly, others by their beginning, whatever the case; unknown names are left out.
 * @returns the page and how many rows match.
 */
export function listPage<T extends object>(
  rows: readonly T[],
  { offset, limit, sort, descending, filters }: ListQuery,
): { readonly items: readonly T[]; readonly total: number } {
  const matching = rows.filter((row) =>
    [...filters].every(
      ([name, wanted]) => !Object.hasOwn(row, name) || wanted.some((value) => matches(row, name, value)),
    ),
  )
  if (sort !== '' && matching.some((row) => Object.hasOwn(row, sort))) {
    matching.sort((a, b) => compare(fieldOf(a, sort), fieldOf(b, sort)) * (descending ? -1 : 1))
  }
  return { items: matching.slice(offset, offset + limit), total: matching.length }
}

function matches(row: object, name: string, wanted: string): boolean {
  const value = fieldOf(row, name)
  if (typeof value !== 'string' || /id$/i.test(name)) return String(value) === wanted
  return value.toLowerCase().startsWith(wanted.toLowerCase())
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null || a === undefined) return -1
  if (b === null || b === undefined) return 1
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en', { sensitivity: 'base' })
  return a < b ? -1 : 1
}

function fieldOf(row: object, name: string): unknown {
  return (row as Readonly<Record<string, unknown>>)[name]
}

function filtersOf(text: string | null): object {
  if (text === null) return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function wholeOf(text: string | null): number {
  const value = Number(text ?? 0)
  return Number.isInteger(value) && value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
