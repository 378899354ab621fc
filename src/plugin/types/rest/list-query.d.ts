// Generated from the sources by `npm run plugin:types`; a test fails when it is out of date.
/** How a list is wanted: the conventions that every list of the native API follows. */
export interface ListQuery {
    /** Rows to leave out at the start. */
    readonly offset: number;
    /** Infinity without `_end`. */
    readonly limit: number;
    /** The field, camelCase; '' = the list's own order. */
    readonly sort: string;
    readonly descending: boolean;
    /** Wanted values by field, camelCase; one of them must match. Of `_filters` and of parameters without underscore. */
    readonly filters: ReadonlyMap<string, readonly string[]>;
}
/**
 * Reads `_start`, `_end` (exclusive), `_sort`, `_order`, `_filters` (a JSON object) and plain filters (`id=a&id=b`). Never
 * fails: what makes no sense is left out, an empty value is no filter.
 */
export declare function readListQuery(query: URLSearchParams): ListQuery;
/**
 * A page of rows that are all at hand (libraries, users: few). Filters match a row's own fields: those whose names end in
 * `id` and those that are no text exactly, others by their beginning, whatever the case; unknown names are left out.
 * @returns the page and how many rows match.
 */
export declare function listPage<T extends object>(rows: readonly T[], { offset, limit, sort, descending, filters }: ListQuery): {
    readonly items: readonly T[];
    readonly total: number;
};
