/**
 * How alike two songs are, by what this server knows; the same question has the same answer until something changes.
 *
 * A song gets up to
 * - 3 points for genres that it shares with the seed: each counts by how much of the seed has it, and less the more albums
 *   of the library have it, so that a rare one says more than `Rock`,
 * - up to 3 for listeners: how much those who play, star or praise the seed play and star the song. One listener's word is
 *   worth 1 (who plays everything says little), and the more there are, the nearer it comes to 3,
 * - 1 for moods and groupings that it shares,
 * - 1 for its year: half of it five years away,
 * - 0.5 when it is by the seed's own artist, and up to 0.3 for its ratings.
 *
 * Equals are told apart by a number mixed of both ids: by id alone all songs of a genre and year would have the same few
 * neighbours.
 */
export const WEIGHT = { genres: 3, listeners: 3, words: 1, year: 1, ownArtist: 0.5, rating: 0.3 } as const

/** What one listener's word is worth against that of many; 1 at most. */
export function trustIn(listeners: number): number {
  return listeners / (listeners + 2)
}

/** 0 when a year is not known. */
export function yearLikeness(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : 1 / (1 + Math.abs(a - b) / 5)
}

/** Weights that sum up to 1: by how much of the seed has each, and how rare it is. */
export function genreWeights(
  genres: readonly { readonly id: number; readonly inSeed: number; readonly albums: number }[],
): ReadonlyMap<number, number> {
  const raw = genres.map(({ id, inSeed, albums }) => [id, inSeed / Math.log2(2 + albums)] as const)
  const sum = raw.reduce((total, [, weight]) => total + weight, 0)
  return new Map(raw.map(([id, weight]) => [id, sum > 0 ? weight / sum : 0]))
}

/** The part of the seed's words that a song has too. */
export function sharedPart(seed: ReadonlySet<string>, words: readonly string[]): number {
  if (seed.size === 0) return 0
  return words.reduce((count, word) => count + (seed.has(word) ? 1 : 0), 0) / seed.size
}

/** 0 to 1, scattered, the same each time. */
export function mixed(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 0x1_0000_0000
}
