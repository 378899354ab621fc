// Generated from the sources by `npm run plugin:types`; a test fails when it is out of date.
import type { TProperties } from 'typebox';
import { Type } from 'typebox';
import { type ListQuery, listPage, readListQuery } from '../rest/list-query.js';
import type { ApiVersion, Permission, PluginDefinition } from './api.js';
export type * from './admin-api.js';
export type * from './api.js';
export type * from './live-api.js';
export type * from './statistics-api.js';
export { type ListQuery, listPage, readListQuery, Type };
/** The plugin API that this server speaks. Grows by minors; a plugin names the one that it was written for. */
export declare const API_VERSION: ApiVersion;
/** Marks an object as a plugin and lets the compiler hold `setup` against its permissions and configuration. */
export declare function definePlugin<const P extends TProperties = Record<never, never>, const G extends readonly Permission[] = readonly []>(definition: PluginDefinition<P, G>): PluginDefinition<P, G>;
/** What public ids name. */
export type RowKind = 'user' | 'song' | 'album' | 'artist' | 'playlist';
/** The row behind a public id, for foreign keys of own tables to the core's; undefined when it is no id of this kind. */
export declare function rowIdOf(kind: RowKind, publicId: string): number | undefined;
/** The public id of a row. */
export declare function publicIdOf(kind: RowKind, rowId: number): string;
