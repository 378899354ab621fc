import type { Condition } from '../condition.ts'
import type { CreditRole } from '../entities.ts'
import type { KindNumber } from '../pending-plays.ts'
import type { ScopeSql } from '../scope-sql.ts'

/** How a list is wanted; the conventions of the native API, read by `rest/list-query.ts`. */
export interface ResourceQuery {
  readonly offset: number
  /** Infinity for all. */
  readonly limit: number
  /** A key of the resource's sorts; an unknown one stands for the default order. */
  readonly sort: string
  readonly descending: boolean
  /** Wanted values by filter, one of which must match; unknown filters are ignored. */
  readonly filters: ReadonlyMap<string, readonly string[]>
}

/** What a reader did with an item, as it is filtered and sorted by. */
export type MarkName = 'starred' | 'rating' | 'playCount' | 'playedAt' | 'ratedAt'

/** Compiled for a scope. The item's alias is `i`. */
export type ScopedSql = (scope: ScopeSql) => Condition

/**
 * A filter as data. `sql` is ours, never a client's: values go in as parameters, several of them as one list of JSON.
 * - `id`: the column holds the row id of what a public id of that kind names
 * - `number`, `text`, `boolean`: the column equals one of the values
 * - `begins`: the text begins with one of the values, whatever the case of its Latin letters
 * - `words`: full text; a MusicBrainz id is compared with the columns in `musicBrainz`
 * - `among`: the item's id is among those of a query about one list of row ids (the only parameter)
 * - `mark`: the reader has (or has not) marked it so
 * - `present`: missing files; they are listed elsewhere
 */
export type Filter =
  | { readonly by: 'id'; readonly of: FilterIdKind; readonly sql: string }
  | { readonly by: 'number' | 'text' | 'boolean' | 'begins'; readonly sql: string }
  | { readonly by: 'years'; readonly from: string; readonly to: string }
  | { readonly by: 'words'; readonly index: string; readonly name: string; readonly musicBrainz: readonly string[] }
  | { readonly by: 'among'; readonly of: FilterIdKind; readonly ids: ScopedSql }
  | { readonly by: 'mark'; readonly mark: MarkName }
  | { readonly by: 'role'; readonly has: (roles: readonly CreditRole[]) => ScopedSql }
  | { readonly by: 'present' }

export type FilterIdKind = 'song' | 'album' | 'artist' | 'folder' | 'genre'

/**
 * An order as data: expressions from the most to the least important, each of which a descending order turns round; the
 * item's id is always the last. Or the reader's marks, or chance.
 */
export type Sort =
  | {
      readonly by: 'columns'
      readonly joins?: string
      /** The FROM of a list without filters, where a walk through another table's index gives the order without sorting. */
      readonly walk?: string
      readonly columns: readonly (string | ScopedSql)[]
    }
  | { readonly by: 'mark'; readonly mark: MarkName }
  | { readonly by: 'chance' }

/** What can be asked of a kind of item. Names are camelCase. */
export interface Resource {
  readonly table: 'song' | 'album' | 'artist'
  readonly kind: KindNumber
  /** The narrow index that holds what scopes ask of it. */
  readonly index: string
  readonly filters: Readonly<Record<string, Filter>>
  readonly sorts: Readonly<Record<string, Sort>>
  /** One of the sorts. */
  readonly defaultSort: string
}
