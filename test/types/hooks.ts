/** Compiled by `tsc -p .`, never run: what must not type-check stands beside what must. */
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import type { AnyHookEntry, HookOwner } from '../../src/hooks/hook-table.ts'
import { HOOK_KINDS, type HookHandler, type HookNameOf, type Hooks } from '../../src/hooks/hooks.ts'
import type { Verdict } from '../../src/hooks/kinds.ts'

declare const bus: HookBus
declare const owner: HookOwner
const place = { owner, order: 'normal', position: 0 } as const

bus.observe('user.created', { userId: 'u1' })
// @ts-expect-error an id is text
bus.observe('user.created', { userId: 1 })
// @ts-expect-error a field is missing
bus.observe('user.created', {})
// @ts-expect-error an unknown field, as a typo makes it
bus.observe('user.created', { userId: 'u1', username: 'x' })
// @ts-expect-error there is no such hook
bus.observe('user.renamed', { userId: 'u1' })
// @ts-expect-error nobody may ask about a hook that does not exist
bus.has('user.renamed')

const verdict: Verdict | Promise<Verdict> = bus.guard('request.accept', {
  id: 'r1',
  method: 'GET',
  path: '/rest/ping',
  address: '127.0.0.1',
  client: 'test',
})
void verdict
// @ts-expect-error an observer can't be asked
void bus.guard('user.created', { userId: 'u1' })
// @ts-expect-error a guard can't be emitted
bus.observe('request.accept', { id: 'r1', method: 'GET', path: '/', address: '', client: '' })
// @ts-expect-error a provider is no transform
void bus.transform('media.artwork', { mediaId: 's1', name: '', artist: '' })
// @ts-expect-error grants are collected, not narrowed
void bus.narrow('access.grants', { userId: 'u1', purpose: 'browse' })
// @ts-expect-error a scope is narrowed, not collected
void bus.collect('access.scope', { userId: 'u1', purpose: 'browse' })
// @ts-expect-error there is no such purpose
void bus.narrow('access.scope', { userId: 'u1', purpose: 'look' })

export const entries: readonly AnyHookEntry[] = [
  { ...place, hook: 'scan.tags', handler: (files) => files.map(({ path, tags }) => ({ path, tags })) },
  { ...place, hook: 'stream.authorize', handler: async () => ({ allow: false, reason: 'no', status: 429 }) },
  // @ts-expect-error a guard answers a verdict
  { ...place, hook: 'stream.authorize', handler: () => true },
  // @ts-expect-error no such status
  { ...place, hook: 'stream.authorize', handler: () => ({ allow: false, reason: 'no', status: 500 }) },
  // @ts-expect-error an observer of one hook does not serve another
  { ...place, hook: 'scan.started', handler: (event: Hooks['user.created']['in']) => void event.userId },
  // @ts-expect-error a scope needs its libraries
  { ...place, hook: 'access.scope', handler: () => ({ deny: {} }) },
]

export const lyrics: HookHandler<'media.lyrics'> = () => undefined
// @ts-expect-error lines have text
export const broken: HookHandler<'media.lyrics'> = () => [{ lang: 'en', synced: false, lines: [{}] }]

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
/** The table of kinds and the types agree: a hook that is moved to another kind must be moved in both. */
export const guards: Same<HookNameOf<'guard'>, 'request.accept' | 'stream.authorize'> = true
export const narrows: Same<HookNameOf<'narrow'>, 'access.scope'> = true
export const collects: Same<HookNameOf<'collect'>, 'access.grants' | 'playlists.virtual'> = true
// @ts-expect-error the run-time table says so too
export const kind: 'observe' = HOOK_KINDS['access.scope']
