import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { UserId } from '../base/ids.ts'
import type { FamiliarPlaceRepository } from '../library/familiar-place-repository.ts'
import type { Logger } from '../log/logger.ts'

/**
 * Where each user has logged in before, by address group and client. Kept for each user apart, over restarts; nobody's
 * logins take a place away from somebody else, and a user's own with other client names take none at all: once a place
 * knows `MAX_CLIENTS` of them, further ones share one entry. Only when a user has come from `MAX_PLACES` addresses, the one
 * that was not seen for the longest time goes.
 */
export interface FamiliarPlaces {
  /** Names the entry that stands for this origin of the user; undefined where the user has not logged in. */
  entryOf(who: string, group: string, client: string): string | undefined
  /** After a login. A place is written when it is new, and once a day. */
  remember(who: string, group: string, client: string): void
}

export const MAX_PLACES = 64
export const MAX_CLIENTS = 16
/** Users whose places are in memory. */
const MAX_USERS = 256
const DAY_MS = 24 * 60 * 60_000
/** A client that was not seen for so long gives its place to a new one. */
const FORGOTTEN_MS = 90 * DAY_MS
/** Stands for all clients of a place that knows too many. */
const OTHERS = '*'

interface Seen {
  at: number
  writtenAt: number
}

/** By client. */
type Place = Map<string, Seen>

export function createFamiliarPlaces(parts: {
  readonly clock: Clock
  /** Without it they are kept in memory alone. */
  readonly repository?: FamiliarPlaceRepository
  readonly log?: Logger
}): FamiliarPlaces {
  const { clock, repository, log } = parts
  const users = new LRUCache<string, Map<string, Place>>({ max: MAX_USERS })

  function placesOf(who: string): Map<string, Place> {
    const known = users.get(who)
    if (known) return known
    const places = new Map<string, Place>()
    const id = idOf(who)
    for (const { place, client, seenAt } of id === undefined ? [] : (repository?.of(id) ?? [])) {
      const clients = places.get(place) ?? new Map<string, Seen>()
      places.set(place, clients.set(client, { at: seenAt, writtenAt: seenAt }))
    }
    users.set(who, places)
    return places
  }

  /** A disk that takes no writes keeps nobody from logging in. */
  function write(who: string, act: (repository: FamiliarPlaceRepository, id: UserId) => void): void {
    const id = idOf(who)
    if (id === undefined || !repository) return
    try {
      act(repository, id)
    } catch (error) {
      log?.warn('a familiar place was not written', { userId: id, error })
    }
  }

  function makeRoomForPlace(who: string, places: Map<string, Place>): void {
    if (places.size < MAX_PLACES) return
    const seenAt = (clients: Place) => Math.max(...[...clients.values()].map(({ at }) => at))
    const [oldest] = [...places].reduce((a, b) => (seenAt(b[1]) < seenAt(a[1]) ? b : a))
    places.delete(oldest)
    write(who, (stored, id) => stored.remove(id, oldest))
  }

  /** Under which name a new client is kept. */
  function nameFor(who: string, group: string, client: string, clients: Place): string {
    if (clients.size < MAX_CLIENTS) return client
    const forgotten = [...clients].find(([name, { at }]) => name !== OTHERS && at < clock.now() - FORGOTTEN_MS)?.[0]
    if (forgotten === undefined) return OTHERS
    clients.delete(forgotten)
    write(who, (stored, id) => stored.remove(id, group, forgotten))
    return client
  }

  return {
    entryOf(who, group, client) {
      if (!canBeFamiliar(who)) return undefined
      const clients = placesOf(who).get(group)
      if (!clients) return undefined
      const name = clients.has(client) ? client : clients.has(OTHERS) ? OTHERS : undefined
      return name === undefined ? undefined : `${group}\n${who}\n${name}`
    },

    remember(who, group, client) {
      if (!canBeFamiliar(who)) return
      const places = placesOf(who)
      let clients = places.get(group)
      if (!clients) {
        makeRoomForPlace(who, places)
        clients = new Map()
        places.set(group, clients)
      }
      const name = clients.has(client) ? client : nameFor(who, group, client, clients)
      const now = clock.now()
      const seen = clients.get(name)
      // A clock that was set back must not keep a place from being written.
      if (seen && Math.abs(now - seen.writtenAt) < DAY_MS) {
        seen.at = now
        return
      }
      clients.set(name, { at: now, writtenAt: now })
      write(who, (stored, id) => stored.set(id, { place: group, client: name, seenAt: now }))
    },
  }
}

/** Not names that nobody has, and not API keys: nobody logs in as these. */
const canBeFamiliar = (who: string) => who !== '' && !who.startsWith('~')

/** Undefined for what is no user, as a secret that a plugin asks for. */
function idOf(who: string): UserId | undefined {
  return /^\d+$/.test(who) ? (Number(who) as UserId) : undefined
}
