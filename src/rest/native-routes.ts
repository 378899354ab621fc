import type { HookBus } from '../hooks/hook-bus.ts'
import type { Route } from '../http/router.ts'
import type { NarrowedUsersRepository } from '../library/narrowed-users-repository.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import { type AuthRouteServices, authRoutes } from './auth-routes.ts'
import { type GenreRouteServices, genreRoutes } from './music-genre-routes.ts'
import { type MusicRouteServices, musicRoutes } from './music-routes.ts'
import { narrowedUsersRoutes } from './narrowed-users-routes.ts'
import type { NativeGate } from './native-gate.ts'
import { type PictureRouteServices, pictureRoute } from './picture-route.ts'
import { type PlayRouteServices, playRoutes } from './play-routes.ts'
import { type PlaylistRouteServices, playlistRoutes } from './playlist-routes.ts'
import { type PlaylistTrackRouteServices, playlistTrackRoutes } from './playlist-track-routes.ts'
import { type QueueRouteServices, queueRoutes } from './queue-routes.ts'
import { type RadioRouteServices, radioRoutes } from './radio-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { statusRoutes } from './status-routes.ts'
import { translationRoutes } from './translation-routes.ts'

export interface NativeRouteServices
  extends AuthRouteServices,
    PictureRouteServices,
    RadioRouteServices,
    QueueRouteServices,
    PlayRouteServices,
    PlaylistRouteServices,
    PlaylistTrackRouteServices {
  readonly gate: NativeGate
  readonly repositories: MusicRouteServices['repositories'] & GenreRouteServices['repositories']
  readonly narrowedUsers: NarrowedUsersRepository
  readonly hooks: Pick<HookBus, 'isAnsweredBy'>
  readonly onAccessChanged: () => void
}

/** All that the core itself answers under `/auth` and `/api`; plugins bring the rest. */
export function nativeRoutes(services: NativeRouteServices): readonly Route[] {
  return [
    ...authRoutes(services),
    ...sessionRoutes(services),
    ...apiKeyRoutes(services),
    ...statusRoutes(services.gate),
    ...narrowedUsersRoutes(services),
    pictureRoute(services),
    ...musicRoutes(services),
    ...genreRoutes(services),
    ...radioRoutes(services),
    ...queueRoutes(services),
    ...playRoutes(services),
    ...playlistRoutes(services),
    ...playlistTrackRoutes(services),
    ...translationRoutes(),
  ]
}
