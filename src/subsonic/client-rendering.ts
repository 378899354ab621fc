import { createNameSorting, type NameSorting } from '../base/sort-name.ts'
import type { Song, User } from '../library/entities.ts'
import type { Rendering, View } from './responses/rendering.ts'
import type { SubsonicServices } from './services.ts'

/** How answers to a client look: by the parameter `c` and the server's settings. */
export function clientRendering(services: SubsonicServices, user: User, client: string): Rendering {
  const { settings, streamer } = services
  return {
    view: viewOf(services, client),
    realPaths: settings.realPaths,
    placeholderCovers: settings.placeholderCovers,
    flacAsMp3: client === 'Jamstash',
    sortName: sortingOf(services).spell,
    contentTypeOf: (suffix) => streamer.contentTypeOf(suffix),
    transcodedAs: (song: Song) => {
      const plan = streamer.plan(user, song, { client })
      return plan.raw ? undefined : plan
    },
  }
}

const sortings = new WeakMap<SubsonicServices, NameSorting>()

function sortingOf(services: SubsonicServices): NameSorting {
  let sorting = sortings.get(services)
  if (!sorting) {
    sorting = createNameSorting(services.settings.ignoredArticles)
    sortings.set(services, sorting)
  }
  return sorting
}

function viewOf({ settings }: SubsonicServices, client: string): View {
  const name = client.toLowerCase()
  const isOneOf = (list: readonly string[]) => list.some((entry) => entry.toLowerCase() === name)
  if (isOneOf(settings.minimalClients)) return 'minimal'
  return isOneOf(settings.legacyClients) ? 'legacy' : 'full'
}
