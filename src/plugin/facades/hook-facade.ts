import type { AccessScope as CoreScope } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { type AlbumId, type ArtistId, decodeId, encodeId, type SongId } from '../../base/ids.ts'
import { isThenable } from '../../hooks/hook-caller.ts'
import type { AnyHookEntry } from '../../hooks/hook-table.ts'
import { HOOK_KINDS, type HookName } from '../../hooks/hooks.ts'
import type { HookRegistrar } from '../api/hook-api.ts'
import type { Permission } from '../api/permission-api.ts'
import type { AccessScope } from '../api/scope-api.ts'
import { runWatched } from '../containment/sync-watch.ts'
import type { Generation } from '../host/generation.ts'
import { HOOK_PERMISSIONS } from '../host/registrations.ts'
import { runMarked, SYNC_MS } from './call.ts'

/** `position`: the plugin's place in the order of plugins. */
export function createHookFacade(
  generation: Generation,
  granted: ReadonlySet<Permission>,
  position: number,
): HookRegistrar {
  return {
    on(name, handler, options = {}) {
      generation.assertOpen()
      if (!Object.hasOwn(HOOK_KINDS, name)) throw new AppError('BAD_REQUEST', `there is no hook named ${String(name)}`)
      const needed = permissionFor(name)
      if (needed && !granted.has(needed)) {
        throw new AppError(
          'PERMISSION_DENIED',
          `the hook ${name} needs the permission ${needed}: add it to the plugin's permissions`,
        )
      }
      const entry = {
        hook: name,
        owner: generation.owner,
        handler: marked(
          generation,
          name,
          name === 'access.scope' ? withCoreScope(handler as never) : (handler as never),
        ),
        order: options.order ?? 'normal',
        position,
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      } as unknown as AnyHookEntry
      return generation.registrations.add('hook', entry)
    },
  }
}

/**
 * Observers are cold enough to be watched for endless loops; not `request.finished`, which comes with each request.
 * Gates, transforms and providers stand in somebody's way: for them the watchdog is the last resort.
 */
function marked(generation: Generation, name: HookName, handler: (input: unknown, call: unknown) => unknown) {
  if (HOOK_KINDS[name] !== 'observe' || name === 'request.finished')
    return (input: unknown, call: unknown) => runMarked(generation, () => handler(input, call))
  return (input: unknown, call: unknown) => runMarked(generation, () => runWatched(() => handler(input, call), SYNC_MS))
}

function permissionFor(name: HookName): Permission | undefined {
  return (HOOK_PERMISSIONS as Partial<Record<HookName, Permission>>)[name]
}

/** Public ids become row ids; an id that is none of ours makes the answer fail, which a narrowing hook takes as nothing. */
function withCoreScope(handler: (input: unknown, call: unknown) => AccessScope | Promise<AccessScope>) {
  return (input: unknown, call: unknown) => {
    const answer = handler(input, call)
    return isThenable(answer)
      ? Promise.resolve(answer as PromiseLike<AccessScope>).then(toCoreScope)
      : toCoreScope(answer)
  }
}

/** What it does not know is handed on, so that the check behind it refuses a misspelt denial instead of not seeing it. */
function toCoreScope(scope: AccessScope): CoreScope {
  const { deny, ...rest } = scope
  if (deny === undefined) return rest as CoreScope
  if (typeof deny !== 'object' || deny === null) return scope as never
  const { ids = [], ...others } = deny
  if (CORE_DENIALS.some((key) => key in others)) throw new AppError('BAD_REQUEST', 'access scope: deny items by ids')
  const songs: SongId[] = []
  const albums: AlbumId[] = []
  const artists: ArtistId[] = []
  for (const text of ids) {
    const id = decodeId(text)
    if (id?.kind === 'song') songs.push(id.key)
    else if (id?.kind === 'album') albums.push(id.key)
    else if (id?.kind === 'artist') artists.push(id.key)
    else throw new AppError('BAD_REQUEST', `access scope: ${text} is no id of a song, album or artist`)
  }
  return {
    ...(rest as CoreScope),
    deny: {
      ...others,
      ...(songs.length ? { songs } : {}),
      ...(albums.length ? { albums } : {}),
      ...(artists.length ? { artists } : {}),
    },
  }
}

/** Keys of the core's own form. */
const CORE_DENIALS = ['songs', 'albums', 'artists']

export function toPublicScope(scope: CoreScope): AccessScope {
  const { deny } = scope
  if (!deny) return { libraries: scope.libraries }
  const ids = [
    ...(deny.songs ?? []).map((key) => encodeId('song', key)),
    ...(deny.albums ?? []).map((key) => encodeId('album', key)),
    ...(deny.artists ?? []).map((key) => encodeId('artist', key)),
  ]
  return {
    libraries: scope.libraries,
    deny: {
      ...(deny.genres ? { genres: deny.genres } : {}),
      ...(deny.explicit ? { explicit: true as const } : {}),
      ...(deny.paths ? { paths: deny.paths } : {}),
      ...(ids.length ? { ids } : {}),
    },
  }
}
