import type { TProperties } from 'typebox'
import { Type } from 'typebox'
import {
  addressGroup,
  createNetworkMatcher,
  isLocalAddress,
  isNetwork,
  isPrivateAddress,
  truncatedAddress,
} from '../../base/address.ts'
import { decodeIdOf, encodeId } from '../../base/ids.ts'
import { oneAtATime } from '../../base/one-at-a-time.ts'
import { type ListQuery, listPage, readListQuery } from '../../rest/list-query.ts'
import { type WebPage, webPage, webTheme } from '../pages/web-page.ts'
import type { Permission } from './permission-api.ts'
import type { ApiVersion, PluginDefinition } from './plugin-api.ts'

export type {
  HookCall,
  HookInput,
  HookName,
  Hooks,
  PlaybackEvent,
  PlaybackPosition,
  Purpose,
  RequestInfo,
} from '../../hooks/hooks.ts'
export type { Verdict } from '../../hooks/kinds.ts'
export type * from './admin-api.ts'
export type * from './disposable-api.ts'
export type * from './hook-api.ts'
export type * from './live-api.ts'
export type * from './network-api.ts'
export type * from './notify-api.ts'
export type * from './permission-api.ts'
export type * from './plugin-api.ts'
export type * from './reader-api.ts'
export type * from './reply-api.ts'
export type * from './request-api.ts'
export type * from './route-api.ts'
export type * from './scheduler-api.ts'
export type * from './scope-api.ts'
export type * from './statistics-api.ts'
export type * from './storage-api.ts'
export type * from './subsonic-api.ts'
export {
  addressGroup,
  createNetworkMatcher,
  isLocalAddress,
  isNetwork,
  isPrivateAddress,
  type ListQuery,
  listPage,
  oneAtATime,
  readListQuery,
  Type,
  truncatedAddress,
  type WebPage,
  webPage,
  webTheme,
}

/** The plugin API that this server speaks. Grows by minors; a plugin names the one that it was written for. */
export const API_VERSION: ApiVersion = '1.5'

/** Marks an object as a plugin and lets the compiler hold `setup` against its permissions and configuration. */
export function definePlugin<
  const P extends TProperties = Record<never, never>,
  const G extends readonly Permission[] = readonly [],
>(definition: PluginDefinition<P, G>): PluginDefinition<P, G> {
  return definition
}

/** What public ids name. */
export type RowKind = 'user' | 'song' | 'album' | 'artist' | 'playlist'

/** The row behind a public id, for foreign keys of own tables to the core's; undefined when it is no id of this kind. */
export function rowIdOf(kind: RowKind, publicId: string): number | undefined {
  return decodeIdOf(kind, publicId)
}

/** The public id of a row. */
export function publicIdOf(kind: RowKind, rowId: number): string {
  return encodeId(kind, rowId as never)
}
