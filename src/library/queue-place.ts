/**
 * A queue without what is no song, and the place in it of the one that plays. Undefined when `index` is no place of the
 * list; that of an empty one is 0.
 */
export function placeInQueue<T>(
  entries: readonly (T | undefined)[],
  index: number,
): { readonly songs: readonly T[]; readonly currentIndex: number } | undefined {
  if (index < 0 || index >= Math.max(1, entries.length)) return undefined
  const before = entries.slice(0, index).filter((entry) => entry === undefined).length
  const songs = entries.filter((entry) => entry !== undefined)
  return { songs, currentIndex: Math.max(0, Math.min(index - before, songs.length - 1)) }
}
