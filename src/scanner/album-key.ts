import { createHash } from 'node:crypto'
import type { AlbumFacts } from '../library/scan-draft.ts'

/** Which album a song is of: the release it names, else artist, name, version and release date together. */
export function albumKey({ release, artistKeys, nameKey, version, releaseDate, place }: AlbumFacts): string {
  return hashOf(release !== '' ? ['mb', release] : [artistKeys, nameKey, version, releaseDate, place])
}

/** Of anything that is JSON: 22 characters. */
export function hashOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
