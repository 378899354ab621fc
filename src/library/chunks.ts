/** Parts of a list, each short enough for one statement or one turn. */
export function* chunks<T>(list: readonly T[], length: number): Iterable<readonly T[]> {
  for (let from = 0; from < list.length; from += length) yield list.slice(from, from + length)
}
