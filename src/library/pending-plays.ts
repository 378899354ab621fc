import type { UserId } from '../base/ids.ts'

/** Kinds of annotated items, as stored in `annotation.kind`. */
export const KIND = { song: 1, album: 2, artist: 3, folder: 4, playlist: 5 } as const
export type KindNumber = (typeof KIND)[keyof typeof KIND]

export interface PlayTally {
  readonly count: number
  /** The latest, ms since 1970. */
  readonly playedAt: number
}

/** A played song with everything that counts its plays. */
export interface PlayedItems {
  readonly song: number
  readonly album: number
  readonly folder: number
  readonly artists: readonly number[]
}

type Tallies = Map<number, PlayTally>

/**
 * Plays that are safe in the journal but not yet in the annotations: reads add them up, so nobody sees a difference,
 * and the tables are written for hundreds of plays at once. Its bound is the flush of the play repository.
 */
export class PendingPlays {
  readonly #users = new Map<UserId, Map<KindNumber, Tallies>>()
  #plays = 0
  #version = 0

  /** Plays added since the last `clear`. */
  get size(): number {
    return this.#plays
  }

  /** Moves with each change. */
  get version(): number {
    return this.#version
  }

  add(userId: UserId, items: PlayedItems, at: number): void {
    this.#plays++
    this.#version++
    this.#count(userId, KIND.song, items.song, at)
    this.#count(userId, KIND.album, items.album, at)
    this.#count(userId, KIND.folder, items.folder, at)
    for (const artist of new Set(items.artists)) this.#count(userId, KIND.artist, artist, at)
  }

  of(userId: UserId, kind: KindNumber): ReadonlyMap<number, PlayTally> | undefined {
    return this.#users.get(userId)?.get(kind)
  }

  *entries(): IterableIterator<{ userId: UserId; kind: KindNumber; itemId: number; tally: PlayTally }> {
    for (const [userId, kinds] of this.#users)
      for (const [kind, tallies] of kinds) for (const [itemId, tally] of tallies) yield { userId, kind, itemId, tally }
  }

  clear(): void {
    this.#users.clear()
    this.#plays = 0
    this.#version++
  }

  #count(userId: UserId, kind: KindNumber, itemId: number, at: number): void {
    const kinds = this.#users.get(userId) ?? new Map<KindNumber, Tallies>()
    this.#users.set(userId, kinds)
    const tallies = kinds.get(kind) ?? new Map<number, PlayTally>()
    kinds.set(kind, tallies)
    const before = tallies.get(itemId)
    tallies.set(itemId, {
      count: (before?.count ?? 0) + 1,
      playedAt: Math.max(before?.playedAt ?? 0, at),
    })
  }
}
